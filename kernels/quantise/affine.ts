import { roundHalfEven } from '../math/round-half-even.ts';

/** real = scale * (q - zeroPoint), q in [-128, 127] (TFLite 8-bit quantisation specification). */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** An interval of real values. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Smallest span a range is widened to: keeps the scale of a dead layer normal and positive. */
const SPAN_MIN = 1e-6;

/**
 * The int8 grid over a range. It always holds 0 exactly, as the format demands: the range is widened to it and the
 * zero point rounded. The scale is an f32, because that is what the file stores and every engine computes with.
 */
export function affineOf(range: Range): Affine {
  const low = Math.min(range.low, 0);
  const high = Math.max(range.high, low + SPAN_MIN, 0);
  const scale = Math.fround((high - low) / 255);
  const zeroPoint = Math.min(127, Math.max(-128, roundHalfEven(-128 - low / scale)));
  return { scale, zeroPoint };
}
