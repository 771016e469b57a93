import type { SharedParameters } from '../pipeline/shared-expert.ts';
import type { Pipeline } from '../pipeline.ts';

/**
 * What the mesh asks of the worker: its parameters, a change of them, or how well others would do. A star also asks
 * what own labels taught, and says what all that others gave must come to.
 */
export const SHARE = { read: 0, add: 1, judge: 2, own: 3, give: 4 } as const;
export type ShareVerb = (typeof SHARE)[keyof typeof SHARE];

/** Shape of what a node shares, as the main thread learns it once. */
export type ShareShape = Pick<SharedParameters, 'size' | 'parts' | 'lineage'>;

/** One vector of float64, which both threads use in turn: a letter says whose turn it is. Its last is the giver. */
export const shareMemory = (size: number): SharedArrayBuffer => new SharedArrayBuffer((size + 1) * 8);

/**
 * The worker's side of the mesh: answers with a number that only `judge` (the loss) and `own` (labels so far) give a
 * meaning. Allocates nothing.
 */
export const createShareDesk = (
  { shared, given }: Pick<Pipeline, 'shared' | 'given'>,
  memory: SharedArrayBuffer,
  labels: () => number,
): ((verb: ShareVerb) => number) => {
  if (shared === null || given === null) return () => Number.NaN;
  const vector = new Float64Array(memory, 0, shared.size);
  const giver = new Float64Array(memory, shared.size * 8);
  return (verb) => {
    switch (verb) {
      case SHARE.judge:
        return shared.judge(vector);
      case SHARE.read:
        shared.read(vector);
        return 0;
      case SHARE.add:
        // Added, and not set: a step may have been taken since the main thread read.
        given.add(vector);
        return 0;
      case SHARE.own:
        given.own(vector);
        giver[0] = given.giver;
        return labels();
      case SHARE.give:
        given.give(vector, giver[0]!);
        return 0;
    }
  };
};
