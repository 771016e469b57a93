import { AskThreshold } from '../../kernels/learning/ask-threshold.ts';
import type { Decision } from '../pipeline.ts';

const DAY_MS = 86_400_000;

/** Chooses the windows whose labels a person is asked for, a number of them a day. */
export class Asker {
  private readonly threshold = new AskThreshold();
  private lookedMs: number;

  /** @param perDay 0: never asks; @param now monotonic ms */
  constructor(
    private readonly perDay: number,
    private readonly now: () => number,
  ) {
    this.lookedMs = now();
  }

  /** A window was decided: is it worth a question? */
  asks({ valid, labelValue }: Decision): boolean {
    // A model without classes has none to ask for.
    if (this.perDay === 0 || !valid || labelValue === 0) return false;
    const now = this.now();
    const earned = ((now - this.lookedMs) * this.perDay) / DAY_MS;
    this.lookedMs = now;
    return this.threshold.asks(labelValue, earned);
  }
}
