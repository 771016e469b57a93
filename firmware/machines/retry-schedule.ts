export interface RetryOptions {
  /** The first wait, ms; each further one is twice as long … */
  readonly firstMs: number;
  /** … up to this. */
  readonly mostMs: number;
  /** A connection that lasted so long was a good one: the next loss begins with the first wait again. */
  readonly stableMs: number;
}

/**
 * A second for the hiccup, half a minute for the night: a broker that comes back is found soon, and one that is down is
 * not hammered by its site.
 */
export const BROKER_RETRY: RetryOptions = { firstMs: 1_000, mostMs: 30_000, stableMs: 20_000 };

/**
 * When to try again, as a value without timers. Every wait is drawn from the upper half of its step, so that the
 * gateways of a site, all cut off in one moment, do not all return in one ("equal jitter", M. Brooker, "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export class RetrySchedule {
  private readonly options: RetryOptions;
  private readonly random: () => number;
  private step = 0;
  private connectedMs: number | null = null;

  /** @param random uniform in [0, 1) */
  constructor(options: RetryOptions, random: () => number) {
    this.options = options;
    this.random = random;
  }

  /** A connection stands. @param nowMs monotonic */
  connected(nowMs: number): void {
    this.connectedMs = nowMs;
  }

  /** An attempt failed or a connection was lost. @returns ms to wait before the next attempt */
  failed(nowMs: number): number {
    const { firstMs, mostMs, stableMs } = this.options;
    if (this.connectedMs !== null && nowMs - this.connectedMs >= stableMs) this.step = 0;
    this.connectedMs = null;
    const most = Math.min(mostMs, firstMs * 2 ** this.step);
    if (most < mostMs) this.step += 1;
    return Math.max(1, Math.round(most * (0.5 + this.random() / 2)));
  }
}
