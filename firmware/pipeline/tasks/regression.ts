import type { TensorView } from '../../../kernels/interpreter.ts';
import type { RegressorCard } from '../../../protocols/model-card.ts';
import { NO_THRESHOLDS, type TaskHead } from './contract.ts';

/** float32 holds it, and so does the wire. */
const ANYTHING = { low: -3.4e38, high: 3.4e38 };

/** How much of each quantity: the model's outputs as real numbers, kept within the ranges of the card. */
export class RegressionHead implements TaskHead {
  readonly classes = 0;
  readonly values: number;
  readonly thresholds = NO_THRESHOLDS;
  private readonly low: Float64Array;
  private readonly high: Float64Array;

  constructor(
    { outputs }: RegressorCard,
    private readonly output: TensorView,
  ) {
    this.values = outputs.length;
    this.low = Float64Array.from(outputs, ({ range = ANYTHING }) => range.low);
    this.high = Float64Array.from(outputs, ({ range = ANYTHING }) => range.high);
  }

  read(_z: Float32Array, _probabilities: Float32Array, values: Float32Array): void {
    const { data, scale, zeroPoint } = this.output;
    for (let i = 0; i < values.length; i++) {
      const real = scale * (data[i]! - zeroPoint);
      values[i] = Math.min(this.high[i]!, Math.max(this.low[i]!, real));
    }
  }

  label(): number {
    return -1;
  }
}
