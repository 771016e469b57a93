import { seeded } from '../support/models.ts';

/** Numbers that break what was not thought of: nothing, signs, ends of ranges, powers of two and their neighbours. */
export const INTERESTING: readonly number[] = [
  0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 100, 127, 128, 255, 256, 1000, 4096, 32_767, 32_768,
  65_535, 65_536, 1_000_000, 16_777_216, 0x3fff_ffff, 0x7fff_ffff, -1, -2, -3, -4, -128, -129, -32_768, -0x8000_0000,
];

/** Random choices of one mutant. */
export class Draw {
  readonly unit: () => number;

  /** Every mutant has its own sequence, so that it can be made again alone. */
  constructor(seed: number, mutant: number) {
    this.unit = seeded((Math.imul(seed, 0x9e3779b1) ^ Math.imul(mutant + 1, 0x85ebca6b)) >>> 0);
  }

  below(end: number): number {
    return Math.floor(this.unit() * end);
  }

  chance(share: number): boolean {
    return this.unit() < share;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
