import { exp } from '../../../kernels/math/exp.ts';
import { log } from '../../../kernels/math/log.ts';
import { classWeights } from '../class-weights.ts';

/** What a fit makes small. */
export interface Objective {
  /**
   * @param y what the network gives for `rows` of the data
   * @param dy takes the gradient of the mean loss, unless null
   * @returns the sum of the losses
   */
  loss(y: Float32Array, rows: Int32Array, dy: Float32Array | null): number;
}

/** Cross-entropy of softmax, classes weighted alike whatever their share; `smoothing` of the target goes to all. */
export class CrossEntropy implements Objective {
  private readonly weights: Float64Array;
  private readonly odds: Float64Array;

  constructor(
    private readonly truth: Int16Array,
    private readonly classes: number,
    private readonly smoothing: number,
  ) {
    this.weights = classWeights(truth, classes);
    this.odds = new Float64Array(classes);
  }

  loss(y: Float32Array, rows: Int32Array, dy: Float32Array | null): number {
    const { classes, odds, smoothing, truth, weights } = this;
    let total = 0;
    rows.forEach((row, n) => {
      const from = n * classes;
      let highest = -Infinity;
      for (let k = 0; k < classes; k += 1) highest = Math.max(highest, y[from + k]!);
      let sum = 0;
      for (let k = 0; k < classes; k += 1) {
        odds[k] = exp(y[from + k]! - highest);
        sum += odds[k]!;
      }
      const label = truth[row]!;
      const weight = weights[label]!;
      for (let k = 0; k < classes; k += 1) {
        const target = smoothing / classes + (k === label ? 1 - smoothing : 0);
        total -= weight * target * (y[from + k]! - highest - log(sum));
        if (dy !== null) dy[from + k] = (weight * (odds[k]! / sum - target)) / rows.length;
      }
    });
    return total;
  }
}

/** Mean over the values of half the squared distance to the example itself, as it was before augmentation. */
export class Reconstruction implements Objective {
  constructor(
    /** [rows x size] */
    private readonly examples: Float32Array,
    private readonly size: number,
  ) {}

  loss(y: Float32Array, rows: Int32Array, dy: Float32Array | null): number {
    const { size, examples } = this;
    let total = 0;
    rows.forEach((row, n) => {
      for (let i = 0; i < size; i += 1) {
        const rest = y[n * size + i]! - examples[row * size + i]!;
        total += (rest * rest) / 2 / size;
        if (dy !== null) dy[n * size + i] = rest / size / rows.length;
      }
    });
    return total;
  }
}
