import type { Pipeline } from '../pipeline.ts';
import type { LearningSlices } from './learning-slices.ts';

/** How learning goes: gradient steps, and the time they took, since the worker began. */
export interface LearningCounts {
  readonly taken: number;
  readonly owed: number;
  /** Steps that were given up, since too many labels waited for theirs. */
  readonly dropped: number;
  readonly spentMs: number;
}

/** Bytes of the shared memory through which the worker says them at any time. */
export const LEARNING_COUNTS_BYTES = 16;

/** The worker's side; call it when something has changed. */
export const createCountsWriter = (shared: SharedArrayBuffer, pipeline: Pipeline, slices: LearningSlices) => {
  const words = new Int32Array(shared);
  return (): void => {
    const { steps } = pipeline;
    Atomics.store(words, 0, steps.taken | 0);
    Atomics.store(words, 1, pipeline.owed);
    Atomics.store(words, 2, steps.dropped | 0);
    Atomics.store(words, 3, slices.spentMs | 0);
  };
};

/** The main thread's side: counts of 32 bits, which wrap. */
export const readCounts = (shared: SharedArrayBuffer): LearningCounts => {
  const words = new Uint32Array(shared);
  const [taken, owed, dropped, spentMs] = [0, 1, 2, 3].map((at) => Atomics.load(words, at)) as [
    ...[number, number, number, number],
  ];
  return { taken, owed, dropped, spentMs };
};
