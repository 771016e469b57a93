import { createRandom } from '../kernels/random.ts';

/** Decides which labels of a recording are revealed; `replay` and the recording player of `run` share it. */
export interface Reveal {
  /** To be asked once for every labelled window, in stream order. */
  next(): boolean;
}

export interface RevealOptions {
  /** Share of the labels that is revealed, 0 to 1. */
  readonly rate: number;
  readonly seed: number;
  /** Name of the node: nodes of one recording draw independently, whichever else are played. */
  readonly node: string;
}

/** Throws a RangeError unless the rate lies in 0 to 1. */
export function createReveal({ rate, seed, node }: RevealOptions): Reveal {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`the label rate is ${rate}: choose a number from 0 to 1`);
  const random = createRandom(seed, `reveal ${node}`);
  return { next: () => random.float() < rate };
}
