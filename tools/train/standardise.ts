import { createNormaliser, type NormalisationSpec, signedLog, type Transform } from '../../kernels/signal/normalise.ts';

/** A way to choose the transform of each feature. */
export const SCALINGS = ['linear', 'signedLog', 'ratioScale'] as const;
export type Scaling = (typeof SCALINGS)[number];

/** The card is JSON: nine digits carry every f32. */
const DIGITS = 9;
/** A feature is on a ratio scale when this share of its values has one sign ... */
const ONE_SIGN_SHARE = 0.95;
/** ... and its 95th percentile is this many times its 5th. */
const RATIO_MIN = 3;

/**
 * Mean and deviation of every transformed feature over rows of `features` [rows x size]. `ratioScale` takes the
 * logarithm of features that keep their sign and span a wide ratio: a change of sensitivity only shifts those.
 */
export function fitNormalisation(features: Float32Array, size: number, scaling: Scaling): NormalisationSpec {
  const rows = features.length / size;
  const transform: Transform[] = [];
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let f = 0; f < size; f += 1) {
    const column = Float64Array.from({ length: rows }, (_, i) => features[i * size + f]!);
    const logarithmic = scaling === 'signedLog' || (scaling === 'ratioScale' && isRatioScale(column));
    const described = describe(logarithmic ? column.map(signedLog) : column);
    transform.push(logarithmic ? 'signedLog' : 'linear');
    mean.push(Number(described.mean.toPrecision(DIGITS)));
    deviation.push(Number(described.deviation.toPrecision(DIGITS)));
  }
  return { transform, mean, deviation };
}

/** Standardised copy of `features` [rows x size]. */
export function normaliseAll(spec: NormalisationSpec, features: Float32Array): Float32Array {
  const normaliser = createNormaliser(spec);
  const out = new Float32Array(features.length);
  for (let at = 0; at < features.length; at += normaliser.size) {
    normaliser.apply(features.subarray(at, at + normaliser.size), out.subarray(at, at + normaliser.size));
  }
  return out;
}

function isRatioScale(column: Float64Array): boolean {
  const positive = column.reduce((n, v) => n + (v > 0 ? 1 : 0), 0);
  const negative = column.reduce((n, v) => n + (v < 0 ? 1 : 0), 0);
  if (Math.max(positive, negative) < ONE_SIGN_SHARE * column.length) return false;
  const sizes = column.map(Math.abs).sort();
  const at = (share: number): number => sizes[Math.floor(share * (sizes.length - 1))]!;
  return at(0.95) > RATIO_MIN * at(0.05);
}

function describe(column: Float64Array): { mean: number; deviation: number } {
  const mean = column.reduce((sum, v) => sum + v, 0) / column.length;
  const deviation = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / column.length);
  // A feature that never moved in training has no scale of its own; its size keeps a later change finite.
  const constant = deviation <= 1e-7 * Math.max(1, Math.abs(mean));
  return { mean, deviation: constant ? Math.max(1, Math.abs(mean)) : deviation };
}
