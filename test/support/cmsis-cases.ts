import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataPath } from './data.ts';

type Elements = Int8Array | Int16Array | Int32Array;

interface StoredCase {
  readonly case: string;
  readonly config: Readonly<Record<string, number | string>>;
  readonly arrays: Readonly<Record<string, { readonly type: string; readonly data: readonly number[] }>>;
}

/** One unit test of CMSIS-NN: its parameters and tensors, by the names of its C header. */
export interface CmsisCase {
  readonly name: string;
  number(name: string): number;
  /** A word of the configuration, e.g. `true`. */
  word(name: string): string;
  int8(name: string): Int8Array;
  int16(name: string): Int16Array;
  int32(name: string): Int32Array;
  /** The array in the type it has in C. */
  elements(name: string): Elements;
}

/** Every case of cmsis_nn_vectors/<operator>.jsonl.gz. */
export const cmsisCases = (operator: string): CmsisCase[] =>
  gunzipSync(readFileSync(dataPath('cmsis_nn_vectors', `${operator}.jsonl.gz`)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => describe(JSON.parse(line) as StoredCase));

const describe = (stored: StoredCase): CmsisCase => {
  const setting = (name: string): number | string => {
    const value = stored.config[name];
    if (value === undefined) throw new Error(`${stored.case} has no ${name}`);
    return value;
  };
  const array = (name: string, type?: string): readonly number[] => {
    const found = stored.arrays[name];
    if (found === undefined || (type !== undefined && found.type !== type)) {
      throw new Error(`${stored.case} has no ${type ?? ''} array ${name}`);
    }
    return found.data;
  };
  const int8 = (name: string): Int8Array => Int8Array.from(array(name, 'int8_t'));
  const int16 = (name: string): Int16Array => Int16Array.from(array(name, 'int16_t'));
  const int32 = (name: string): Int32Array => Int32Array.from(array(name, 'int32_t'));
  const elements = (name: string): Elements => {
    const type = stored.arrays[name]?.type;
    return type === 'int8_t' ? int8(name) : type === 'int16_t' ? int16(name) : int32(name);
  };
  return {
    name: stored.case,
    number: (name) => Number(setting(name)),
    word: (name) => String(setting(name)),
    int8,
    int16,
    int32,
    elements,
  };
};
