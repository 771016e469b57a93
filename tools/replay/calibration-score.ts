import { digits } from './digits.ts';

const BINS = 15;

/**
 * Expected calibration error (Guo et al. 2017, eq. 3, 15 bins of equal width): how far confidence and the share that
 * was right lie apart on average, 0 to 1.
 */
export interface CalibrationReport {
  /** Of the mixture as it comes from its experts. */
  readonly eceBefore: number;
  /** Of the confidence that is published. */
  readonly eceAfter: number;
}

/** Sums of one kind of confidence by bins. */
class Bins {
  private readonly confidence = new Float64Array(BINS);
  private readonly right = new Float64Array(BINS);
  private count = 0;

  add(confidence: number, right: boolean): void {
    const bin = Math.min(BINS - 1, Math.floor(confidence * BINS));
    this.confidence[bin] = this.confidence[bin]! + confidence;
    this.right[bin] = this.right[bin]! + (right ? 1 : 0);
    this.count++;
  }

  merge(other: Bins): void {
    for (let b = 0; b < BINS; b++) {
      this.confidence[b] = this.confidence[b]! + other.confidence[b]!;
      this.right[b] = this.right[b]! + other.right[b]!;
    }
    this.count += other.count;
  }

  /** A bin of n windows weighs n / all; n cancels out of n |right/n - confidence/n|. */
  get error(): number {
    let sum = 0;
    for (let b = 0; b < BINS; b++) sum += Math.abs(this.right[b]! - this.confidence[b]!);
    return digits(sum / Math.max(1, this.count));
  }
}

/** Of one node: the mixture's confidence before and after it was calibrated. */
export class CalibrationScore {
  private readonly before = new Bins();
  private readonly after = new Bins();

  add(rawConfidence: number, confidence: number, right: boolean): void {
    this.before.add(rawConfidence, right);
    this.after.add(confidence, right);
  }

  /** Of several nodes together: windows count alike, wherever they come from. */
  static report(scores: readonly CalibrationScore[]): CalibrationReport {
    const all = new CalibrationScore();
    for (const { before, after } of scores) {
      all.before.merge(before);
      all.after.merge(after);
    }
    return { eceBefore: all.before.error, eceAfter: all.after.error };
  }
}
