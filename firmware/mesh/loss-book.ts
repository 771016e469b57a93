/** Mean log-loss of parameters on own labelled windows, nats. */
export interface Loss {
  readonly values: Float64Array;
  readonly loss: number;
}

/**
 * What the compute worker said of some parameters, for rules that ask at once: the worker is asked before, and the rule
 * then finds the answers here. What was not asked for is neither better nor worse than anything.
 */
export class LossBook {
  private entries: readonly Loss[] = [];

  /** By lane, and of which cycle. */
  private readonly ofShipped = new Map<number, { readonly cycle: number; readonly loss: Loss }>();

  /** What was said in this cycle of a lane of the model as it was shipped; null when nothing was. */
  shippedIn(cycle: number, lane: number): Loss | null {
    const known = this.ofShipped.get(lane);
    return known?.cycle === cycle ? known.loss : null;
  }

  shipped(cycle: number, lane: number, loss: Loss): Loss {
    this.ofShipped.set(lane, { cycle, loss });
    return loss;
  }

  note(entries: readonly Loss[]): void {
    this.entries = entries.every(({ loss }) => Number.isFinite(loss)) ? entries : [];
  }

  readonly judge = (values: Float64Array): number =>
    this.entries.find((entry) => entry.values.every((value, i) => value === values[i]))?.loss ?? Number.NaN;
}
