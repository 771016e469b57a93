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
export function crossEntropy(truth: Int16Array, classes: number, smoothing: number): Objective {
  const weights = classWeights(truth, classes);
  const odds = new Float64Array(classes);
  const loss = (y: Float32Array, rows: Int32Array, dy: Float32Array | null): number => {
    let total = 0;
    for (const [n, row] of rows.entries()) {
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
    }
    return total;
  };
  return { loss };
}

/** Mean over the values of half the squared distance to the example, one of `examples` [rows x size], itself. */
export function reconstruction(examples: Float32Array, size: number): Objective {
  const loss = (y: Float32Array, rows: Int32Array, dy: Float32Array | null): number => {
    let total = 0;
    for (const [n, row] of rows.entries()) {
      for (let i = 0; i < size; i += 1) {
        const rest = y[n * size + i]! - examples[row * size + i]!;
        total += (rest * rest) / 2 / size;
        if (dy !== null) dy[n * size + i] = rest / size / rows.length;
      }
    }
    return total;
  };
  return { loss };
}
