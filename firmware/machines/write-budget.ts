const HOUR_MS = 3_600_000;
const HOURS = 24;
/** Before this long a projection to a day says more about the start than about the day. */
const OBSERVED_MS_MIN = 600_000;

export interface WriteSums {
  /** Within the last 24 hours of this process, to the hour. */
  readonly lastDay: number;
  /** What a whole day comes to if it goes on like this; null in the first ten minutes. */
  readonly perDay: number | null;
}

/**
 * How much is written in a day. A day is 24 hours of the monotonic clock, not of the calendar: gateways without a clock
 * chip live in 1970 until the network comes.
 */
export class WriteBudget {
  private readonly hours = new Float64Array(HOURS);
  private hour: number;
  private total: number;
  private readonly beganMs: number;

  /** @param total bytes written so far. @param now monotonic ms */
  constructor(total: number, now: number) {
    this.total = total;
    this.beganMs = now;
    this.hour = Math.floor(now / HOUR_MS);
  }

  /** @param total bytes written so far, never less than before. @param now monotonic ms */
  sample(total: number, now: number): WriteSums {
    const hour = Math.floor(now / HOUR_MS);
    for (let passed = this.hour + 1; passed <= Math.min(hour, this.hour + HOURS); passed++)
      this.hours[passed % HOURS] = 0;
    this.hour = hour;
    this.hours[hour % HOURS]! += total - this.total;
    this.total = total;
    const lastDay = this.hours.reduce((sum, bytes) => sum + bytes, 0);
    const observed = now - this.beganMs;
    // The hour of 24 hours ago is gone from the sum as soon as a new one begins.
    const covered = Math.min(observed, (HOURS - 1) * HOUR_MS + (now % HOUR_MS));
    return { lastDay, perDay: observed < OBSERVED_MS_MIN ? null : Math.round((lastDay * HOURS * HOUR_MS) / covered) };
  }
}
