import { log } from '../math/log.ts';

/** Labelled windows that a new one is compared with. */
const REMEMBERED = 16;
/** Share of an answer's value that is lost when the very same window was labelled before. */
const SAMENESS = 0.5;

/**
 * How much the label of a window would teach, 0 to 1, from what is known without it:
 *
 *     (H(p) / ln K + d) / 2 × (1 - SAMENESS × s)
 *
 * H is the entropy of the mixture's probabilities (Lewis and Gale 1994, "uncertainty sampling"), d the share of experts
 * that decide otherwise than the mixture (Seung et al. 1992, "query by committee"; votes count alike, since the one
 * that is believed least has most to win or lose), and s how near the window lies to the latest labelled ones: 1 for
 * the same, falling with the squared distance in units of the mean one (diversity: Brinker 2003). Allocates nothing.
 */
export class LabelValue {
  /** Normalised features of the latest labelled windows, a ring. */
  private readonly labelled: readonly Float32Array[];
  private count = 0;
  /** Running mean of the squared distance to the nearest of them. */
  private usual = 0;

  constructor(
    private readonly features: number,
    private readonly classes: number,
  ) {
    this.labelled = Array.from({ length: REMEMBERED }, () => new Float32Array(features));
  }

  /** @param probabilities [classes], expertLabels [experts], z [features] normalised */
  of(probabilities: Float32Array, label: number, expertLabels: Int16Array, z: Float32Array): number {
    if (this.classes < 2 || label < 0) return 0;
    let others = 0;
    for (let e = 0; e < expertLabels.length; e++) if (expertLabels[e] !== label) others++;
    const doubt = (this.entropy(probabilities) + others / expertLabels.length) / 2;
    return doubt * (1 - SAMENESS * this.sameness(z));
  }

  /** The label of a window came. @param z [features] normalised */
  learned(z: Float32Array): void {
    this.labelled[this.count % REMEMBERED]!.set(z);
    this.count++;
  }

  /** Of the mixture, in units of the largest there is. */
  private entropy(probabilities: Float32Array): number {
    let sum = 0;
    for (let k = 0; k < this.classes; k++) {
      const p = probabilities[k]!;
      if (p > 0) sum -= p * log(p);
    }
    return Math.min(1, Math.max(0, sum / log(this.classes)));
  }

  private sameness(z: Float32Array): number {
    const remembered = Math.min(this.count, REMEMBERED);
    if (remembered === 0) return 0;
    let nearest = Infinity;
    for (let r = 0; r < remembered; r++) nearest = Math.min(nearest, this.squaredDistance(this.labelled[r]!, z));
    this.usual += (nearest - this.usual) / 64;
    return this.usual <= 0 ? 1 : this.usual / (this.usual + nearest);
  }

  private squaredDistance(a: Float32Array, b: Float32Array): number {
    let sum = 0;
    for (let i = 0; i < this.features; i++) {
      const d = a[i]! - b[i]!;
      sum += d * d;
    }
    return sum;
  }
}
