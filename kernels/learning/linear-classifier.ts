import type { Logits } from './softmax.ts';

/** Features further out than this many factory deviations count as this far: squares weigh a spike too heavily. */
const CLIP = 4;
/** λ of the ridge, in windows: what the zero weights are believed at the start. */
const RIDGE = 1;

/**
 * A linear classifier on normalised features in closed form: after every label its weights are exactly the ridge
 * regression of one-hot targets on all windows labelled so far, by recursive least squares (Plackett 1950; in continual
 * learning Zhuang et al. 2022, "ACIL", eq. 8). It forgets nothing, needs no learning rate and no steps, and sees in
 * hundreds of labels what low-rank adapters cannot reach.
 *
 *     P ← P - (P x)(P x)ᵀ / (1 + xᵀ P x),   W ← W + (P x) (onehot(y) - W x)ᵀ   (the new P),   P = I / λ at first
 */
export class LinearClassifier {
  /** [classes × (features + 1)], the last column is the constant's. */
  readonly weights: Float64Array;
  /** P, symmetric: rows of its lower triangle one after the other. */
  private readonly inverse: Float64Array;
  private readonly x: Float64Array;
  private readonly projected: Float64Array;
  private readonly terms: number;

  /** Takes (features + 1)(features + 2) / 2 doubles. */
  constructor(
    private readonly features: number,
    private readonly classes: number,
  ) {
    this.terms = features + 1;
    this.weights = new Float64Array(classes * this.terms);
    this.inverse = new Float64Array((this.terms * (this.terms + 1)) / 2);
    for (let i = 0; i < this.terms; i++) this.inverse[(i * (i + 3)) / 2] = 1 / RIDGE;
    this.x = new Float64Array(this.terms);
    this.projected = new Float64Array(this.terms);
  }

  /** out[k] ≈ 1 where the window is of class k, else 0; all 0 before the first label. @param z [features] */
  scores(z: Float32Array, out: Logits['data']): void {
    this.take(z);
    for (let k = 0; k < this.classes; k++) out[k] = this.score(k);
  }

  /** A window of class `label` more. */
  learn(z: Float32Array, label: number): void {
    this.take(z);
    const { projected, inverse, weights } = this;
    const terms = this.terms;
    const gain = 1 / (1 + this.project());
    for (let i = 0, at = 0; i < terms; i++) {
      const slope = gain * projected[i]!;
      for (let j = 0; j <= i; j++, at++) inverse[at] = inverse[at]! - slope * projected[j]!;
    }
    for (let k = 0; k < this.classes; k++) {
      const step = gain * ((k === label ? 1 : 0) - this.score(k));
      for (let i = 0, at = k * terms; i < terms; i++, at++) weights[at] = weights[at]! + step * projected[i]!;
    }
  }

  /** A window learned as `before` is of class `label`: W = P Xᵀ Y is linear in Y, so the correction is exact. */
  relabel(z: Float32Array, before: number, label: number): void {
    this.take(z);
    this.project();
    const { projected, weights, terms } = this;
    for (let i = 0; i < terms; i++) {
      weights[before * terms + i] = weights[before * terms + i]! - projected[i]!;
      weights[label * terms + i] = weights[label * terms + i]! + projected[i]!;
    }
  }

  private take(z: Float32Array): void {
    for (let i = 0; i < this.features; i++) this.x[i] = Math.max(-CLIP, Math.min(CLIP, z[i]!));
    this.x[this.features] = 1;
  }

  private score(k: number): number {
    const { weights, x, terms } = this;
    let sum = 0;
    for (let i = 0, at = k * terms; i < terms; i++, at++) sum += weights[at]! * x[i]!;
    return sum;
  }

  /** projected = P x; returns xᵀ P x. */
  private project(): number {
    const { x, inverse, terms } = this;
    const projected = this.projected;
    projected.fill(0);
    for (let i = 0, at = 0; i < terms; i++, at++) {
      let sum = 0;
      for (let j = 0; j < i; j++, at++) {
        sum += inverse[at]! * x[j]!;
        projected[j] = projected[j]! + inverse[at]! * x[i]!;
      }
      projected[i] = projected[i]! + sum + inverse[at]! * x[i]!;
    }
    let quadratic = 0;
    for (let i = 0; i < terms; i++) quadratic += x[i]! * projected[i]!;
    return quadratic;
  }
}
