import { doublingHighMul, quantiseMultiplier, roundingDivideByPowerOfTwo } from './fixed-point.ts';
import { fixedPointExp, reciprocalOfOnePlus } from './fixed-point-exp.ts';

/** Integer bits of the scaled distance below the maximum, and of the sum of exponentials. */
const DIFFERENCE_BITS = 5;
const SUM_BITS = 12;

/** More equal classes than these would overflow the sum. */
export const FIXED_POINT_CLASSES_MAX = (1 << SUM_BITS) - 1;

/** Parameters of TFLite's reference SOFTMAX and of CMSIS-NN's `arm_softmax_s8`. */
export interface SoftmaxParameters {
  /** From a distance to Q5.26: multiplier × 2^(leftShift − 31). */
  readonly multiplier: number;
  readonly leftShift: number;
  /** Distances below this count as nothing. */
  readonly differenceMin: number;
}

/** `PreprocessSoftmaxScaling` and `CalculateInputRadius` of TFLite; null where its factor would not exceed 1. */
export function softmaxParameters(scale: number, beta: number): SoftmaxParameters | null {
  const factor = Math.min(beta * scale * (1 << (31 - DIFFERENCE_BITS)), 2147483647);
  if (!(factor > 1)) return null;
  const { multiplier, shift } = quantiseMultiplier(factor);
  const radius = Math.floor((((1 << DIFFERENCE_BITS) - 1) * (1 << (31 - DIFFERENCE_BITS))) / (1 << shift));
  return { multiplier, leftShift: shift, differenceMin: -radius };
}

/** table[255 − d] = e^−(scaled d) in Q0.31 for a distance d below the maximum, 0 beyond `differenceMin`. */
export function fixedPointExponentials(parameters: SoftmaxParameters): Int32Array {
  const { multiplier, leftShift, differenceMin } = parameters;
  return Int32Array.from({ length: 256 }, (_, index) => {
    const difference = index - 255;
    if (difference < differenceMin) return 0;
    return fixedPointExp(doublingHighMul((difference * (1 << leftShift)) | 0, multiplier));
  });
}

/**
 * One row of int8 logits as probabilities of 8 or 16 bits, less half of their range.
 *
 * @param table of `fixedPointExponentials`
 * @param output int8 or int16
 */
export function softmaxFixedPoint(
  input: Int8Array,
  from: number,
  output: Int8Array | Int16Array,
  to: number,
  classes: number,
  table: Int32Array,
): void {
  const bits = 8 * output.BYTES_PER_ELEMENT;
  const half = bits === 8 ? 128 : 32768;
  let highest = -128;
  for (let i = 0; i < classes; i++) highest = Math.max(highest, input[from + i]!);
  const origin = 255 - highest;
  let sum = 0;
  for (let i = 0; i < classes; i++) sum += roundingDivideByPowerOfTwo(table[origin + input[from + i]!]!, SUM_BITS);
  const headroom = Math.clz32(sum);
  const reciprocal = reciprocalOfOnePlus((sum << headroom) ^ -2147483648);
  const exponent = SUM_BITS - headroom + 31 - bits;
  for (let i = 0; i < classes; i++) {
    const share = doublingHighMul(reciprocal, table[origin + input[from + i]!]!);
    // Beyond 31 not even the largest share rounds up to 1.
    const value = exponent > 31 ? 0 : roundingDivideByPowerOfTwo(share, exponent);
    output[to + i] = Math.min(half - 1, value - half);
  }
}
