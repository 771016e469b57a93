import type { AdapterPoint } from '../adapter-point.ts';

/** In float32: a parameter and its two moments; in float64 its gradient. */
const LEARNER_BYTES = 4 + 2 * 4 + 8;
/** Of EWC: importance and anchor in float32 and in a byte each, and the sum of squares in float64. */
const ELASTIC_BYTES = 2 * 4 + 2 + 8;
/** Of a snapshot, which exists twice, as it is written and on its way to the disk: parameter, moments, bytes of EWC. */
const SNAPSHOT_BYTES = 2 * (4 + 2 * 4 + 2);

/** What adapters are at a point. */
export interface AdapterShape {
  readonly rank: number;
  /** A learns too, not B and bias alone. */
  readonly learnsA: boolean;
}

/** Values that learn at a point: B, bias, and A where it does. */
export function trainedValues({ inFeatures, outFeatures }: AdapterPoint, { rank, learnsA }: AdapterShape): number {
  return outFeatures * (rank + 1) + (learnsA ? rank * inFeatures : 0);
}

/**
 * Memory of a learner's state beside the engine's, for so many values that learn: bytes. Replay buffer, pool and what
 * experts keep beside it have bounds of their own.
 */
export function learningStateBytes(values: number): number {
  return values * (LEARNER_BYTES + ELASTIC_BYTES + SNAPSHOT_BYTES);
}
