import { log } from '../math/log.ts';
import type { Loss, Slopes } from './loss.ts';
import { crossEntropyGradient, type Logits, softmaxInto } from './softmax.ts';

/** Probabilities that float32 rounds to zero still cost something finite. */
const PROBABILITY_MIN = 1e-30;

export interface CrossEntropyOptions {
  /** The model's logits, a view that each inference overwrites. */
  readonly logits: Logits;
  readonly classes: number;
  /** Where labels are kept by slot: the replay buffer. */
  readonly labels: { labelOf(slot: number): number };
  /** Share of the target given to all classes alike, 0 to 1. */
  readonly smoothing: number;
}

/**
 * Σ t log(t / p) with the smoothed target t = (1 − ε) onehot(label) + ε / classes (Szegedy et al. 2016, §7): the
 * cross-entropy less its least value, the target's own entropy, so that 0 is a window with nothing left to learn.
 */
export class CrossEntropy implements Loss {
  private readonly probabilities: Float32Array;
  private readonly entropy: number;

  constructor(private readonly options: CrossEntropyOptions) {
    const { classes, smoothing } = options;
    this.probabilities = new Float32Array(classes);
    const part = (t: number): number => (t > 0 ? -t * log(t) : 0);
    const elsewhere = smoothing / classes;
    this.entropy = part(1 - smoothing + elsewhere) + (classes - 1) * part(elsewhere);
  }

  get size(): number {
    return this.probabilities.length;
  }

  evaluate(slot: number, gradient: Slopes): number {
    const { probabilities } = this;
    const { logits, labels, smoothing } = this.options;
    const label = labels.labelOf(slot);
    softmaxInto(logits, probabilities);
    crossEntropyGradient(probabilities, label, smoothing, gradient);
    let loss = 0;
    for (let k = 0; k < probabilities.length; k++) {
      const target = smoothing / probabilities.length + (k === label ? 1 - smoothing : 0);
      if (target > 0) loss -= target * log(Math.max(probabilities[k]!, PROBABILITY_MIN));
    }
    return Math.max(0, loss - this.entropy);
  }
}
