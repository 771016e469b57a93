import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';
import type { QuantisedMultiplier } from './fixed-point.ts';

/** A real factor for `multiplySingleRounding`: multiplier × 2^−16 / step. */
export interface SingleRoundingMultiplier {
  /** Q31, [2^30, 2^31) or 0. */
  readonly multiplier: number;
  /** 2^(15 − shift) */
  readonly step: number;
}

export function singleRounding({ multiplier, shift }: QuantisedMultiplier): SingleRoundingMultiplier {
  return { multiplier, step: scaleByPowerOfTwo(1, 15 - shift) };
}

/**
 * value × multiplier × 2^(shift − 31), rounded half up once (ruy, `MultiplyByQuantizedMultiplier` in
 * apply_multiplier.cc), for an int32 value and a shift of −31 to 14; a greater one gives what any int8 or int16
 * saturates at. The product exceeds 2^53, so it is formed in units of 2^16, whose rest no rounding can carry from.
 */
export function multiplySingleRounding(value: number, { multiplier, step }: SingleRoundingMultiplier): number {
  const units = value * (multiplier >>> 16) + Math.floor((value * (multiplier & 0xffff)) / 65536);
  return Math.floor((units + step / 2) / step);
}
