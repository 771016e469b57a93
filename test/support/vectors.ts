import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataPath } from './data.ts';

/** One case of cmsis_nn_vectors: its settings, and arrays by their names. */
export interface VectorCase {
  readonly case: string;
  readonly config: Readonly<Record<string, number | string>>;
  readonly arrays: Readonly<Record<string, { readonly type: string; readonly data: readonly number[] }>>;
}

export const readVectors = (operator: string): VectorCase[] => {
  const text = gunzipSync(readFileSync(dataPath('cmsis_nn_vectors', `${operator}.jsonl.gz`))).toString();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as VectorCase);
};
