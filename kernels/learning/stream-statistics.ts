/** Features further out than this many factory deviations count as this far: one spike must not move the statistics. */
const CLIP = 10;
/** Keeps a feature that stands still from being blown up: variances below it are noise of the sensor. */
const VARIANCE_FLOOR = 1e-4;

/**
 * Mean and variance of every feature as the stream shows them, no labels needed. They start at the factory's (0 and 1
 * in normalised units, worth `prior` windows) and follow the stream with a memory of `memory` windows:
 * weight k = 1 / min(n + 1, memory), mean += k d, variance = (1 - k)(variance + k d²), d = z - mean
 * (West 1979; exponential once the memory is full). Sums run in index order.
 */
export class StreamStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  /** Windows seen plus the prior's worth, at most `memory`. With mean and variance the whole state. */
  readonly weight: Float64Array;

  constructor(
    readonly size: number,
    prior: number,
    private readonly memory: number,
  ) {
    this.mean = new Float32Array(size);
    this.variance = new Float32Array(size).fill(1);
    this.weight = new Float64Array([Math.min(prior, memory)]);
  }

  /** Takes one window's normalised features [size]; entries that are not numbers leave their feature as it is. */
  push(z: Float32Array): void {
    const n = Math.min(this.weight[0]! + 1, this.memory);
    this.weight[0] = n;
    const k = 1 / n;
    for (let i = 0; i < this.size; i++) {
      const d = Math.max(-CLIP, Math.min(CLIP, z[i]!)) - this.mean[i]!;
      if (Number.isNaN(d)) continue;
      this.mean[i] = this.mean[i]! + k * d;
      this.variance[i] = (1 - k) * (this.variance[i]! + k * d * d);
    }
  }

  /** out = (z - mean) / deviation of the stream: what the factory would have seen. */
  renormalise(z: Float32Array, out: Float32Array): void {
    for (let i = 0; i < this.size; i++) {
      out[i] = (z[i]! - this.mean[i]!) / Math.sqrt(this.variance[i]! + VARIANCE_FLOOR);
    }
  }

  /**
   * How far the stream has moved from the factory: root mean square over the features of the 2-Wasserstein distance
   * between N(mean, variance) and N(0, 1), in factory deviations. W2² of two normals is the squared difference of
   * their means plus that of their deviations (Dowson and Landau 1982). 0 = as at the factory.
   */
  distance(): number {
    let sum = 0;
    for (let i = 0; i < this.size; i++) {
      const m = this.mean[i]!;
      const s = Math.sqrt(this.variance[i]!) - 1;
      sum += m * m + s * s;
    }
    return Math.sqrt(sum / this.size);
  }
}
