import { seeded } from './models.ts';

/** Choices from a seed. */
export interface Dice {
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** A whole number from `lowest` to `highest`. */
  whole(lowest: number, highest: number): number;
  pick<T>(choices: readonly T[]): T;
  /** `rank` dimensions from 1 to `highest`. */
  shape(rank: number, highest: number): number[];
  /** 0 … count − 1 in any order. */
  permutation(count: number): number[];
}

export const dice = (seed: number): Dice => {
  const random = seeded(seed);
  const whole = (lowest: number, highest: number): number => lowest + Math.floor(random() * (highest - lowest + 1));
  return {
    random,
    whole,
    pick: (choices) => choices[whole(0, choices.length - 1)]!,
    shape: (rank, highest) => Array.from({ length: rank }, () => whole(1, highest)),
    permutation: (count) =>
      Array.from({ length: count }, (_, index) => ({ index, key: random() }))
        .sort((a, b) => a.key - b.key)
        .map(({ index }) => index),
  };
};
