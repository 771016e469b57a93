import type { AdapterFactors, AdapterPoint } from '../interpreter.ts';

/**
 * Gradients of one adapted dense layer, from what the int8 engine left of its last invoke. With x and y the real
 * values the int8 input and output stand for, and rounding passed straight through (Bengio et al. 2013):
 *
 *     y = f(W x + b + bias + scaling × B (A x)),   g = dL/dy × f'(…)
 *     dL/dB = scaling × g (A x)ᵀ     dL/dbias = g     dL/dx = Wᵀ g + scaling × Aᵀ (Bᵀ g)
 *
 * W is the dequantised int8 weight. A is frozen and gets no gradient.
 */
export class AdapterLayer {
  /** [out × rank] and [out]: added to by every `backward`. */
  readonly loraBGradient: Float64Array;
  readonly biasGradient: Float64Array;
  /** A x of the last invoke, real units. */
  private readonly projected: Float64Array;
  /** Bᵀ g × scaling. */
  private readonly back: Float64Array;
  /** A fused activation bounds the output from below, above; otherwise the bounds are int8's own. */
  private readonly fusedBelow: boolean;
  private readonly fusedAbove: boolean;

  constructor(
    readonly point: AdapterPoint,
    readonly factors: AdapterFactors,
    private readonly rank: number,
    private readonly scaling: number,
  ) {
    this.loraBGradient = new Float64Array(point.outFeatures * rank);
    this.biasGradient = new Float64Array(point.outFeatures);
    this.projected = new Float64Array(rank);
    this.back = new Float64Array(rank);
    this.fusedBelow = point.activationMin > -128 || point.activationMin === point.outputZeroPoint;
    this.fusedAbove = point.activationMax < 127;
  }

  /**
   * Adds this sample's gradients.
   *
   * @param upstream [out], dL/dy; masked in place by the activation
   * @param downstream [in], receives dL/dx; null for the first layer, where nobody asks
   */
  backward(upstream: Float64Array, downstream: Float64Array | null): void {
    this.mask(upstream);
    this.project();
    this.accumulate(upstream);
    if (downstream !== null) this.propagate(upstream, downstream);
  }

  /**
   * A fused activation has no slope where it clamps. An output at the end of int8's own range is a limit of the number
   * format: there, only the gradient that would lead further out is dropped, or a saturated logit could never learn.
   */
  private mask(g: Float64Array): void {
    const { output, outputOffset, activationMin, activationMax, outFeatures } = this.point;
    for (let c = 0; c < outFeatures; c++) {
      const q = output[c]! + outputOffset;
      if (q <= activationMin && (this.fusedBelow || g[c]! > 0)) g[c] = 0;
      else if (q >= activationMax && (this.fusedAbove || g[c]! < 0)) g[c] = 0;
    }
  }

  private project(): void {
    const { input, inFeatures, inputScale } = this.point;
    const { loraA, loraAScale } = this.factors;
    for (let r = 0; r < this.rank; r++) {
      let sum = 0;
      for (let i = 0, at = r * inFeatures; i < inFeatures; i++, at++) sum += loraA[at]! * input[i]!;
      this.projected[r] = sum * loraAScale[r]! * inputScale;
    }
  }

  private accumulate(g: Float64Array): void {
    const { rank, projected, back, loraBGradient, biasGradient } = this;
    const scaling = this.scaling;
    const { loraB } = this.factors;
    back.fill(0);
    for (let c = 0; c < biasGradient.length; c++) {
      const slope = g[c]!;
      if (slope === 0) continue;
      biasGradient[c] = biasGradient[c]! + slope;
      for (let r = 0, at = c * rank; r < rank; r++, at++) {
        loraBGradient[at] = loraBGradient[at]! + scaling * slope * projected[r]!;
        back[r] = back[r]! + scaling * slope * loraB[at]!;
      }
    }
  }

  private propagate(g: Float64Array, downstream: Float64Array): void {
    const { inFeatures, outFeatures, weights, weightScale } = this.point;
    const { loraA, loraAScale } = this.factors;
    for (let i = 0; i < inFeatures; i++) downstream[i] = 0;
    for (let c = 0; c < outFeatures; c++) {
      const slope = g[c]! * weightScale[c]!;
      if (slope === 0) continue;
      for (let i = 0, at = c * inFeatures; i < inFeatures; i++, at++) {
        downstream[i] = downstream[i]! + slope * weights[at]!;
      }
    }
    for (let r = 0; r < this.rank; r++) {
      const slope = this.back[r]! * loraAScale[r]!;
      for (let i = 0, at = r * inFeatures; i < inFeatures; i++, at++) {
        downstream[i] = downstream[i]! + slope * loraA[at]!;
      }
    }
  }
}
