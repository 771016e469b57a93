import type { SharedParameters } from '../pipeline/shared-expert.ts';

/** What the mesh asks of the worker: its parameters, a change of them, or how well others would do. */
export const SHARE = { read: 0, add: 1, judge: 2 } as const;
export type ShareVerb = (typeof SHARE)[keyof typeof SHARE];

/** Shape of what a node shares, as the main thread learns it once. */
export type ShareShape = Pick<SharedParameters, 'size' | 'parts' | 'lineage'>;

/** One vector of float64, which both threads use in turn: a letter says whose turn it is. */
export const shareMemory = (size: number): SharedArrayBuffer => new SharedArrayBuffer(size * 8);

/** The worker's side of the mesh: answers with a number that only `judge` gives a meaning. Allocates nothing. */
export const createShareDesk = (shared: SharedParameters, memory: SharedArrayBuffer): ((verb: ShareVerb) => number) => {
  const vector = new Float64Array(memory);
  const own = new Float64Array(shared.size);
  return (verb) => {
    if (verb === SHARE.judge) return shared.judge(vector);
    if (verb === SHARE.read) {
      shared.read(vector);
      return 0;
    }
    // Added, and not set: a step may have been taken since the main thread read.
    shared.read(own);
    for (let i = 0; i < own.length; i++) own[i]! += vector[i]!;
    shared.write(own);
    return 0;
  };
};
