import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataPath } from './data.ts';

/** One case of CMSIS-NN's unit tests; what its config and arrays are called differs between operators. */
export interface CmsisCase {
  readonly case: string;
  readonly op: string;
  readonly config: Readonly<Record<string, number | string>>;
  readonly arrays: Readonly<Record<string, { readonly type: string; readonly data: readonly number[] | null }>>;
}

/** What our arithmetic made of a case, and what CMSIS-NN makes of it. */
export interface CmsisResult {
  readonly found: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
}

/** Runs one case; a text says why it cannot. */
export type CmsisRunner = (test: CmsisCase) => CmsisResult | string;

/** All cases of one file, by the operator's name. */
export const loadCmsis = (operator: string): CmsisCase[] =>
  gunzipSync(readFileSync(dataPath('cmsis_nn_vectors', `${operator}.jsonl.gz`)))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CmsisCase);

/** A number of the config. */
export const number = (test: CmsisCase, name: string, absent?: number): number => {
  const value = test.config[name] ?? absent;
  if (typeof value !== 'number') throw new Error(`${test.op} ${test.case} has no ${name}`);
  return value;
};

/** The first of these arrays that the case has; null when CMSIS-NN gets a null pointer. */
export const optionalArray = (test: CmsisCase, ...names: string[]): readonly number[] | null => {
  const name = names.find((candidate) => test.arrays[candidate] !== undefined);
  if (name === undefined) throw new Error(`${test.op} ${test.case} has none of ${names}`);
  return test.arrays[name]!.data;
};

export const array = (test: CmsisCase, ...names: string[]): readonly number[] => {
  const data = optionalArray(test, ...names);
  if (data === null) throw new Error(`${test.op} ${test.case} has an empty ${names}`);
  return data;
};
