import { roundHalfEven } from '../math/round-half-even.ts';
import { multiplyByQuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';

/** Ratios of scales that XNNPACK's qs8-vcvt takes; others run in TFLite's own kernel. */
const NATIVE_RATIO_MIN = 1 / 256;
const NATIVE_RATIO_MAX = 128;

/** Differences of int16 values, 17 bits, stay in int32 after a left shift by 14. */
const RATIO_LIMIT = 16384;

/** Refuses a ratio of input and output scale that would leave int32, where C has no defined result. */
export function requireRatio(context: PrepareContext, ratio: number): number {
  if (!(ratio < RATIO_LIMIT)) context.refuse(`changes the scale by a factor of ${ratio}`);
  return ratio;
}

/**
 * XNNPACK's qs8-vcvt: the ratio of scales as an integer in 1/256 (rne), products rounded half up. Coarser than float,
 * but it is what runs elsewhere, bit for bit, for every ratio that it accepts (2^-8 to 2^7).
 *
 * @returns null for other ratios
 */
export function nativeRequantiser(from: TensorQuantisation, to: TensorQuantisation): ((q: number) => number) | null {
  const ratio = Math.fround(from.scale / to.scale);
  if (!(ratio >= NATIVE_RATIO_MIN && ratio <= NATIVE_RATIO_MAX)) return null;
  const multiplier = roundHalfEven(256 * ratio);
  return (q) => (((q - from.zeroPoint) * multiplier + 0x80) >> 8) + to.zeroPoint;
}

/**
 * TFLite's `Requantize` (kernels/internal/reference/requantize.h), without its clamp.
 *
 * @param wide whether values have 32 bits, which must not be shifted left at all
 */
export function referenceRequantiser(
  context: PrepareContext,
  from: TensorQuantisation,
  to: TensorQuantisation,
  wide: boolean,
): (q: number) => number {
  const ratio = requireRatio(context, from.scale / to.scale);
  if (wide && ratio >= 1) context.refuse(`changes the scale of int32 values by a factor of ${ratio}`);
  const factor = quantiseMultiplier(ratio);
  return (q) => multiplyByQuantisedMultiplier(q - from.zeroPoint, factor) + to.zeroPoint;
}
