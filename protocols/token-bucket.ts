export interface BucketRate {
  /** What may pass in the long run. */
  readonly perSecond: number;
  /** What may pass at once after a silence, at least 1. */
  readonly burst: number;
}

/**
 * A token bucket (RFC 2697 §3, with one bucket): full at first, it fills at `perSecond` up to `burst`, and whatever
 * passes takes one token.
 */
export class TokenBucket {
  private tokens: number;
  private filledAt: number;
  private readonly rate: BucketRate;

  /** @param now ms on any clock; the same one from then on */
  constructor(rate: BucketRate, now: number) {
    this.rate = rate;
    this.tokens = rate.burst;
    this.filledAt = now;
  }

  /** Takes a token; false when there is none. A clock that jumps back gives none, one that jumps ahead a `burst`. */
  take(now: number): boolean {
    const elapsedMs = Math.max(0, now - this.filledAt);
    this.filledAt = now;
    this.tokens = Math.min(this.rate.burst, this.tokens + (elapsedMs * this.rate.perSecond) / 1_000);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
