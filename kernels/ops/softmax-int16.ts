import { exp } from '../math/exp.ts';
import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';
import { multiplyByQuantisedMultiplier, type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import { int16Table, lookUpInt16 } from './int16-table.ts';

/** e^−10 counts as nothing; the 16 bits of a distance cover 0 to −10. */
const EXPONENT_RANGE = 10;
const DISTANCES = 65535;

export interface SoftmaxInt16 {
  /** From a distance below the maximum to 1/6553.5. */
  readonly distance: QuantisedMultiplier;
  /** e^x for x = −10 … 0, and 1 / (1 + x) for x = 0 … 1. */
  readonly exponentials: Int16Array;
  readonly reciprocals: Int16Array;
}

/** Tables and scale as TFLite's `SoftmaxPrepare` makes them; null when distances would leave int32. */
export function softmaxInt16(scale: number, beta: number): SoftmaxInt16 | null {
  const distance = quantiseMultiplier(Math.fround(scale * beta) / (EXPONENT_RANGE / DISTANCES));
  if (distance.shift > 14) return null;
  const exponentials = int16Table(exp, -EXPONENT_RANGE, 0);
  return { distance, exponentials, reciprocals: int16Table((x) => 1 / (1 + x), 0, 1) };
}

/**
 * One row of int16 logits as probabilities in 1/32768 (kernels/internal/reference/softmax.h, `SoftmaxInt16`). The
 * output holds the exponentials meanwhile, so it must not be the input.
 *
 * @param classes fewer than 65536, so that the sum of Q0.15 values stays in int32
 */
export function softmaxInt16Row(memory: Int16Array, from: number, to: number, classes: number, q: SoftmaxInt16): void {
  let highest = -32768;
  for (let i = 0; i < classes; i++) highest = Math.max(highest, memory[from + i]!);
  let sum = 0;
  for (let i = 0; i < classes; i++) {
    const distance = multiplyByQuantisedMultiplier(memory[from + i]! - highest, q.distance);
    const exponential = lookUpInt16(q.exponentials, Math.max(-32768, Math.min(32767, distance + 32767)));
    memory[to + i] = exponential;
    sum += exponential;
  }
  const headroom = Math.clz32(sum);
  // The sum as 1 + x in Q16.16, x being what the table of reciprocals takes.
  const scaled = Math.floor((scaleByPowerOfTwo(sum, headroom - 1) + 8192) / 16384);
  const reciprocal = lookUpInt16(q.reciprocals, Math.max(-32768, Math.min(32767, scaled - 98304)));
  const shift = 31 - headroom;
  for (let i = 0; i < classes; i++) {
    const value = (memory[to + i]! * reciprocal + (1 << (shift - 1))) >> shift;
    memory[to + i] = Math.max(0, Math.min(32767, value));
  }
}
