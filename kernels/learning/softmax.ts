import { exp } from '../math/exp.ts';

/** Quantised or real logits: real = scale × (data - zeroPoint). */
export interface Logits {
  readonly data: Int8Array | Int16Array | Int32Array | Float32Array;
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Class probabilities from logits, finer than the int8 SOFTMAX of the model can say them (its step is 1/256, too
 * coarse for a log-loss). The largest logit is subtracted first (the zero point cancels out), sums run in index order:
 * same bits everywhere.
 *
 * @param out [classes], sums to 1 within float32 rounding
 */
export function softmaxInto(logits: Logits, out: Float32Array): void {
  const { data, scale } = logits;
  let top = data[0]!;
  for (let i = 1; i < out.length; i++) if (data[i]! > top) top = data[i]!;
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += exp(scale * (data[i]! - top));
  for (let i = 0; i < out.length; i++) out[i] = exp(scale * (data[i]! - top)) / sum;
}

/**
 * dL/dlogit, for real logits, of the cross-entropy with a smoothed target (Szegedy et al. 2016, §7):
 * p - (1 - ε) onehot(label) - ε / classes.
 */
export function crossEntropyGradient(
  probabilities: Float32Array,
  label: number,
  smoothing: number,
  out: Float32Array | Float64Array,
): void {
  const everywhere = smoothing / probabilities.length;
  for (let i = 0; i < probabilities.length; i++) out[i] = probabilities[i]! - everywhere;
  out[label] = out[label]! - (1 - smoothing);
}

/** Index of the largest entry, the first of equals. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
