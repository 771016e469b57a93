import { exp } from '../math/exp.ts';

/**
 * Follows a quantile of a positive stream that may drift, in one number: stochastic approximation (Robbins and Monro
 * 1951) on the logarithm, so that a step is a share of the value whatever its unit. A value above moves the estimate up
 * by rate × q, one below moves it down by rate × (1 - q); where the shares above and below are 1 - q and q, it stands.
 * What a value is worth does not depend on how far away it is: one spike is one step. The gain falls as 1/n at the
 * start, down to `rate`, which keeps following (Tierney 1983, with a constant gain in the end).
 */
export class OnlineQuantile {
  /** The estimate, and the values taken so far up to where the gain is constant: the whole state. */
  readonly state: Float64Array;

  /**
   * @param quantile q, between 0 and 1
   * @param rate gain in the long run, > 0 and < 1: memory of about 1 / rate values
   * @param start first estimate, > 0
   * @param worth values that the first estimate counts for; 1 for a mere guess
   */
  constructor(
    private readonly quantile: number,
    private readonly rate: number,
    start: number,
    worth: number,
  ) {
    this.state = new Float64Array([start, Math.min(worth, 1 / rate)]);
  }

  get value(): number {
    return this.state[0]!;
  }

  /** From here on, as if just created with this estimate, worth as much as it can be. */
  reset(value: number): void {
    this.state[0] = value;
    this.state[1] = 1 / this.rate;
  }

  /** Takes a value >= 0. */
  push(value: number): void {
    const { state } = this;
    state[1] = Math.min(state[1]! + 1, 1 / this.rate);
    const share = value > state[0]! ? this.quantile : this.quantile - 1;
    state[0] = state[0]! * exp(share / state[1]!);
  }

  /** Keeps the estimate within these bounds. */
  clamp(low: number, high: number): void {
    this.state[0] = Math.min(high, Math.max(low, this.state[0]!));
  }
}
