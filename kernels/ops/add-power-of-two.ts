import type { BinaryRow } from './broadcast.ts';
import { exactLog2 } from './exact-log2.ts';
import { roundingDivideByPowerOfTwo } from './fixed-point.ts';

/** Shifts beyond the width of the values say nothing new. */
const SHIFT_MAX = 31;

/**
 * Sum or difference of int16 values whose scales are powers of two, one operand having the output's scale and the other
 * a smaller one: it is shifted, rounded half away from zero, and added with saturation (kernels/add.cc, "POT").
 *
 * @param scales of a, b and the output
 * @returns null for other scales
 */
export function powerOfTwoSumRow(
  memory: Int16Array,
  scales: readonly [number, number, number],
  sign: 1 | -1,
  [lowest, highest]: readonly [number, number],
): BinaryRow | null {
  const [aLog, bLog, outLog] = scales.map(exactLog2);
  if (aLog == null || bLog == null || outLog == null) return null;
  const [aShift, bShift] = [outLog - aLog, outLog - bLog];
  if (Math.min(aShift, bShift) !== 0 || Math.max(aShift, bShift) > SHIFT_MAX) return null;
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const first = roundingDivideByPowerOfTwo(memory[a + i * aStep]!, aShift);
      const second = roundingDivideByPowerOfTwo(memory[b + i * bStep]!, bShift);
      memory[out + i] = Math.max(lowest, Math.min(highest, first + sign * second));
    }
  };
}
