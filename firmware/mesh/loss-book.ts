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

  note(entries: readonly Loss[]): void {
    this.entries = entries.every(({ loss }) => Number.isFinite(loss)) ? entries : [];
  }

  readonly judge = (values: Float64Array): number =>
    this.entries.find((entry) => entry.values.every((value, i) => value === values[i]))?.loss ?? Number.NaN;
}
