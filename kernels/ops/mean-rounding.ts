import { roundHalfEven } from '../math/round-half-even.ts';
import { multiplyByQuantisedMultiplier, type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import type { TensorQuantisation } from './prepare-context.ts';

/** Makes the mean, in units of the output and not yet clamped, of the exact sum of `count` quantised values. */
export type MeanOfSum = (sum: number) => number;

/**
 * Factors of XNNPACK's global average pooling (operators/global-average-pooling-nwc.c): the mean is
 * rne(float32(sum + bias) × scale) + zeroPoint, with bias = −count × zeroPoint of the input.
 */
export function globalPoolFactors(
  from: TensorQuantisation,
  to: TensorQuantisation,
  count: number,
): { readonly bias: number; readonly scale: number } {
  return { bias: -count * from.zeroPoint, scale: Math.fround(from.scale / Math.fround(count * to.scale)) };
}

/** XNNPACK's, where its delegate takes a MEAN. */
export function meanByXnnpack(from: TensorQuantisation, to: TensorQuantisation, count: number): MeanOfSum {
  const { bias, scale } = globalPoolFactors(from, to, count);
  return (sum) => roundHalfEven(Math.fround(Math.fround(sum + bias) * scale)) + to.zeroPoint;
}

/**
 * TFLite's own: towards zero where both scales are equal (reduce.h, `Mean`), else in float32 and half away from zero
 * (`QuantizedMeanOrSum` as it was until 2023, which is what the tfjs-tflite build has).
 */
export function meanByTflite(from: TensorQuantisation, to: TensorQuantisation, count: number): MeanOfSum {
  if (from.scale === to.scale && from.zeroPoint === to.zeroPoint) return (sum) => Math.trunc(sum / count);
  const scale = Math.fround(from.scale / to.scale);
  const bias = Math.fround(-from.zeroPoint * scale);
  return (sum) => {
    const value = Math.fround(Math.fround(Math.fround(Math.fround(sum) / count) * scale) + bias);
    return (value < 0 ? -Math.floor(0.5 - value) : Math.floor(0.5 + value)) + to.zeroPoint;
  };
}

/** Two-stage integer rounding with 1/count in the multiplier (TFLite Micro, reduce.h, `QuantizedMeanOrSum`). */
export function meanByReference(from: TensorQuantisation, to: TensorQuantisation, count: number): MeanOfSum {
  const factor = dividedBy(quantiseMultiplier(from.scale / to.scale), count);
  return (sum) => multiplyByQuantisedMultiplier(sum - count * from.zeroPoint, factor) + to.zeroPoint;
}

function dividedBy({ multiplier, shift }: QuantisedMultiplier, count: number): QuantisedMultiplier {
  const places = Math.min(31 - Math.clz32(count), 31 + shift);
  const shifted = (BigInt(multiplier) << BigInt(places)) / BigInt(count);
  return { multiplier: Number(shifted), shift: shift - places };
}
