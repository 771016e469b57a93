import type { TensorView } from '../../../kernels/interpreter.ts';
import { ANOMALY_LABELS, type AnomalyCard } from '../../../protocols/model-card.ts';
import type { TaskHead } from './contract.ts';

const NORMAL = 0;
const ANOMALY = 1;
/** float32 holds it, and so does the wire; whatever is further off is as odd as that. */
const SCORE_MAX = 3.4e38;

/**
 * How odd: an autoencoder says what it knows of the window, and the score is the rest of it, the mean over the features
 * of (z - reconstruction)². z are the features as the model takes them (normalised by its card), before they are
 * rounded and cut to the int8 grid of its input: what lies beyond that grid counts in full.
 *
 * Probability of `anomaly` = score / (score + threshold): rising with the score, 1/2 at the threshold; the odds of an
 * anomaly are score : threshold. Sums in index order, in doubles: the same bits everywhere.
 */
export class AnomalyHead implements TaskHead {
  readonly classes = ANOMALY_LABELS.length;
  readonly values = 1;
  private readonly threshold: number;

  constructor(
    { threshold }: AnomalyCard,
    private readonly output: TensorView,
  ) {
    this.threshold = threshold;
  }

  read(z: Float32Array, probabilities: Float32Array, values: Float32Array): void {
    const { data, scale, zeroPoint } = this.output;
    let sum = 0;
    for (let i = 0; i < data.length; i++) {
      const rest = z[i]! - scale * (data[i]! - zeroPoint);
      sum += rest * rest;
    }
    const score = Math.min(SCORE_MAX, sum / data.length);
    values[0] = score;
    probabilities[ANOMALY] = score / (score + this.threshold);
    probabilities[NORMAL] = this.threshold / (score + this.threshold);
  }

  label(_probabilities: Float32Array, values: Float32Array): number {
    return values[0]! > this.threshold ? ANOMALY : NORMAL;
  }
}
