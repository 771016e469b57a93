import type { TensorView } from '../../../kernels/interpreter.ts';
import { ANOMALY_LABELS, type AnomalyCard } from '../../../protocols/model-card.ts';
import type { TaskHead } from './contract.ts';

export const NORMAL = 0;
export const ANOMALY = 1;
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
  /** [experts + 1] in force, the last one of the mixture; all as shipped until somebody writes others. */
  readonly thresholds: Float64Array;

  constructor(
    { threshold }: AnomalyCard,
    private readonly output: TensorView,
    experts: number,
  ) {
    this.thresholds = new Float64Array(experts + 1).fill(threshold);
  }

  read(z: Float32Array, probabilities: Float32Array, values: Float32Array, expert: number): void {
    const { data, scale, zeroPoint } = this.output;
    let sum = 0;
    for (let i = 0; i < data.length; i++) {
      const rest = z[i]! - scale * (data[i]! - zeroPoint);
      sum += rest * rest;
    }
    write(sum / data.length, this.thresholds[expert]!, probabilities, values);
  }

  label(_probabilities: Float32Array, values: Float32Array, expert: number): number {
    return values[0]! > this.thresholds[expert]! ? ANOMALY : NORMAL;
  }

  /** What the mixture says: this score, held against this threshold. */
  decide(score: number, threshold: number, { probabilities, values }: Answer): void {
    this.thresholds[this.thresholds.length - 1] = threshold;
    write(score, threshold, probabilities, values);
  }
}

interface Answer {
  readonly probabilities: Float32Array;
  readonly values: Float32Array;
}

function write(unbounded: number, threshold: number, probabilities: Float32Array, values: Float32Array): void {
  const score = Math.min(SCORE_MAX, unbounded);
  values[0] = score;
  probabilities[ANOMALY] = score / (score + threshold);
  probabilities[NORMAL] = threshold / (score + threshold);
}
