import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';
import type { QuantisedMultiplier } from './fixed-point.ts';

const HALF_BITS = 16777216;
const INT32_MAX = 2147483647;
const INT32_MIN = -2147483648;

/** A factor for accumulators of 16-bit activations, which leave int32: reduced × 2^(shift − 15). */
export interface WideMultiplier {
  /** 15 bits: [2^14, 2^15) or 0. */
  readonly reduced: number;
  /** 2^(15 − shift), the number of which the products are multiples. */
  readonly divisor: number;
}

/** Shifts beyond this would multiply an accumulator by more than it can be multiplied by; no real model has them. */
export const WIDE_SHIFT_MAX = 14;

/**
 * The Q31 multiplier cut to 15 bits, as TFLite does before it meets an int64 accumulator (kernels/internal/common.cc,
 * `MultiplyByQuantizedMultiplier(int64_t, …)`; CMSIS-NN, `REDUCE_MULTIPLIER`). Shift −31 to 14.
 */
export function wideMultiplier({ multiplier, shift }: QuantisedMultiplier): WideMultiplier {
  const reduced = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
  return { reduced, divisor: scaleByPowerOfTwo(1, 15 - shift) };
}

/**
 * value × reduced / divisor, rounded half up and saturated to int32, for |value| ≤ 2^48. The product reaches 2^63, so
 * value is split into 24-bit halves, whose products with 15 bits are exact in a double.
 */
export function multiplyWide(value: number, { reduced, divisor }: WideMultiplier): number {
  const upper = Math.floor(value / HALF_BITS);
  const lower = value - upper * HALF_BITS;
  // value × reduced = high × 2^24 + low, and high × 2^24 = whole × divisor + rest × 2^24.
  const high = upper * reduced;
  const low = lower * reduced;
  const step = divisor / HALF_BITS;
  const whole = Math.floor(high / step);
  const rest = high - whole * step;
  const rounded = whole + Math.floor((rest * HALF_BITS + low + divisor / 2) / divisor);
  return Math.max(INT32_MIN, Math.min(INT32_MAX, rounded));
}
