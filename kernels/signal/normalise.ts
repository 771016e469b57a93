import { log1p } from '../math/log1p.ts';
import { roundHalfEven } from '../math/round-half-even.ts';

/** How a feature is compressed before it is standardised: as it is, or sign(v) log(1 + |v|). */
export type Transform = 'linear' | 'signedLog';

/** One entry per feature. */
export interface NormalisationSpec {
  transform: readonly Transform[];
  /** Mean of the transformed feature over the training windows. */
  mean: readonly number[];
  /** Standard deviation of the transformed feature; > 0. */
  deviation: readonly number[];
}

export interface Normaliser {
  readonly size: number;
  /** out[i] = (transform(features[i]) - mean[i]) / deviation[i], rounded to f32 once; in place is allowed. */
  apply(features: Float32Array, out: Float32Array): void;
}

/** sign(v) log(1 + |v|): linear near 0, logarithmic far out; keeps order and sign. */
export function signedLog(v: number): number {
  return v < 0 ? -log1p(-v) : log1p(v);
}

/** Throws a RangeError when the three lists differ in length or a deviation is not positive and finite. */
export function createNormaliser(spec: NormalisationSpec): Normaliser {
  const size = spec.mean.length;
  if (spec.transform.length !== size || spec.deviation.length !== size) {
    throw new RangeError('normalisation: transform, mean and deviation must have one entry per feature');
  }
  if (!spec.deviation.every((d) => d > 0 && d < Infinity)) throw new RangeError('normalisation: deviation must be > 0');
  const logarithmic = Uint8Array.from(spec.transform, (t) => (t === 'signedLog' ? 1 : 0));
  const mean = Float64Array.from(spec.mean);
  const deviation = Float64Array.from(spec.deviation);
  const apply = (features: Float32Array, out: Float32Array): void => {
    for (let i = 0; i < size; i += 1) {
      const v = logarithmic[i] === 1 ? signedLog(features[i]!) : features[i]!;
      out[i] = (v - mean[i]!) / deviation[i]!;
    }
  };
  return { size, apply };
}

/** A signed integer tensor of a model's end. */
export type QuantisedData = Int8Array | Int16Array | Int32Array;

/**
 * q = clamp(round(z / scale) + zeroPoint), ties to even (TFLite quantisation spec); values beyond the range of `out`
 * saturate, NaN becomes the zero point.
 */
export function quantiseInto(z: Float32Array, scale: number, zeroPoint: number, out: QuantisedData): void {
  const high = out.BYTES_PER_ELEMENT === 1 ? 127 : out.BYTES_PER_ELEMENT === 2 ? 32_767 : 2_147_483_647;
  const low = -high - 1;
  for (let i = 0; i < out.length; i += 1) {
    const q = roundHalfEven(z[i]! / scale) + zeroPoint;
    out[i] = q > high ? high : q < low ? low : Number.isNaN(q) ? zeroPoint : q;
  }
}
