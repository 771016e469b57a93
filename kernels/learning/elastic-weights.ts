export interface ElasticOptions {
  /** λ: how hard parameters are held where earlier tasks needed them, >= 0. */
  readonly lambda: number;
  /** γ: what of the Fisher diagonal so far remains at a consolidation, 0 to 1. */
  readonly decay: number;
}

/**
 * Elastic weight consolidation, online (Kirkpatrick et al. 2017, equation 3; Schwarz et al. 2018, §4): a parameter is
 * held near where it stood at the last consolidation, as hard as the loss there depended on it.
 *
 *     penalty = λ/2 Σ F_i (θ_i - θ*_i)²,   F = mean of squared per-sample gradients, decayed over consolidations
 *
 * It is given parameters and gradients, of one adapter or of a shared one alike, and knows nothing of where they come
 * from. Squares are of single samples' gradients: that of a batch's mean vanishes where samples pull apart. The
 * decayed average is divided by 1 - γ^t, or the first consolidation would count for 1 - γ of itself (as in Adam).
 */
export class ElasticWeights {
  /** Decayed average before its correction, and its anchor θ*, in the parameters' order. */
  readonly fisherDiagonal: Float32Array;
  readonly anchorParams: Float32Array;
  /**
   * The same in a byte each, the roots of the one and the other linearly, with a scale per array: with `remaining` the
   * state. A node writes it with every label, and the arrays above hold no more than it can say.
   */
  readonly fisherRoots: Uint8Array;
  readonly anchorCodes: Int8Array;
  readonly scales: Float32Array;
  /** γ^t after t consolidations. */
  readonly remaining = new Float64Array([1]);
  /** Sum of squares since `begin`. */
  private readonly squares: Float64Array;
  private samples = 0;

  constructor(
    private readonly parameters: readonly Float32Array[],
    private readonly gradients: readonly Float64Array[],
    private readonly options: ElasticOptions,
  ) {
    const size = parameters.reduce((sum, array) => sum + array.length, 0);
    this.fisherDiagonal = new Float32Array(size);
    this.anchorParams = new Float32Array(size);
    this.fisherRoots = new Uint8Array(size);
    this.anchorCodes = new Int8Array(size);
    this.scales = new Float32Array(2 * parameters.length);
    this.squares = new Float64Array(size);
  }

  /** λ/2 Σ F (θ - θ*)²; 0 before the first consolidation. */
  get penalty(): number {
    const { fisherDiagonal, anchorParams } = this;
    let sum = 0;
    let at = 0;
    for (const values of this.parameters) {
      for (let i = 0; i < values.length; i++, at++) {
        const away = values[i]! - anchorParams[at]!;
        sum += fisherDiagonal[at]! * away * away;
      }
    }
    return 0.5 * this.strength * sum;
  }

  /** Adds the penalty's gradient, times `factor`, to the gradients. */
  addGradient(factor: number): void {
    const { fisherDiagonal, anchorParams } = this;
    const strength = factor * this.strength;
    if (strength === 0) return;
    let at = 0;
    for (let k = 0; k < this.parameters.length; k++) {
      const values = this.parameters[k]!;
      const gradient = this.gradients[k]!;
      for (let i = 0; i < values.length; i++, at++) {
        gradient[i] = gradient[i]! + strength * fisherDiagonal[at]! * (values[i]! - anchorParams[at]!);
      }
    }
  }

  /** A consolidation begins: the samples of an unfinished one are forgotten. */
  begin(): void {
    this.squares.fill(0);
    this.samples = 0;
  }

  /** Takes the gradients as those of one sample, and clears them. */
  observe(): void {
    let at = 0;
    for (const gradient of this.gradients) {
      for (let i = 0; i < gradient.length; i++, at++)
        this.squares[at] = this.squares[at]! + gradient[i]! * gradient[i]!;
      gradient.fill(0);
    }
    this.samples++;
  }

  /** Parameters are held from now on where they stand. Without a sample since `begin` nothing changes. */
  consolidate(): void {
    const { squares, fisherDiagonal, anchorParams } = this;
    const { decay } = this.options;
    if (this.samples === 0) return;
    for (let i = 0; i < squares.length; i++) {
      fisherDiagonal[i] = decay * fisherDiagonal[i]! + ((1 - decay) * squares[i]!) / this.samples;
    }
    this.remaining[0] = this.remaining[0]! * decay;
    let at = 0;
    for (const values of this.parameters) {
      anchorParams.set(values, at);
      at += values.length;
    }
    this.encode();
    this.decode();
    this.begin();
  }

  /** Brings back the arrays from the state, after that was restored. */
  decode(): void {
    let at = 0;
    for (let k = 0; k < this.parameters.length; k++) {
      const end = at + this.parameters[k]!.length;
      const root = this.scales[2 * k]!;
      const step = this.scales[2 * k + 1]!;
      for (; at < end; at++) {
        this.fisherDiagonal[at] = root * this.fisherRoots[at]! * (root * this.fisherRoots[at]!);
        this.anchorParams[at] = step * this.anchorCodes[at]!;
      }
    }
  }

  private encode(): void {
    const { fisherDiagonal, anchorParams, scales } = this;
    let at = 0;
    for (let k = 0; k < this.parameters.length; k++) {
      const end = at + this.parameters[k]!.length;
      let most = 0;
      let far = 0;
      for (let i = at; i < end; i++) {
        most = Math.max(most, fisherDiagonal[i]!);
        far = Math.max(far, Math.abs(anchorParams[i]!));
      }
      scales[2 * k] = Math.sqrt(most) / 255;
      scales[2 * k + 1] = far / 127;
      for (; at < end; at++) {
        this.fisherRoots[at] =
          most > 0 ? Math.min(255, Math.round(Math.sqrt(fisherDiagonal[at]!) / scales[2 * k]!)) : 0;
        this.anchorCodes[at] = far > 0 ? Math.round(anchorParams[at]! / scales[2 * k + 1]!) : 0;
      }
    }
  }

  /** λ over the bias correction. */
  private get strength(): number {
    const known = 1 - this.remaining[0]!;
    return known > 0 ? this.options.lambda / known : 0;
  }
}
