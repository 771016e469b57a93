/** A budget shorter than this many ms in a row would be spent by single slices at random. */
const BURST_SHARE_OF_A_SECOND = 0.1;
/** Less than that is rounding. */
const NOTHING_MS = 0.001;

/** What learning may take of the worker's time. */
export interface LearningBudget {
  /** Milliseconds of every second, 1 to 1000. */
  readonly msPerSecond: number;
  /** Longest stretch without a look whether a window waits; one sample's part of a step is the least there is. */
  readonly sliceMs: number;
}

/** Work that comes in small pieces. */
export interface SlicedWork {
  /** Steps due. */
  readonly owed: number;
  /** Does one sample's part of the step due. */
  advance(): void;
}

/**
 * Learning in slices: a token bucket of milliseconds that fills at the budget's rate and holds a tenth of a second's
 * worth (at least two slices): no second holds more than 1.1 times its budget and one slice. A slice begins when
 * it is paid for in full, takes pieces as long as the next one is expected to fit, and ends early when a window waits.
 * Allocates nothing.
 */
export class LearningSlices {
  /** Spent so far. */
  spentMs = 0;
  private readonly tokensMax: number;
  private tokensMs: number;
  private filledAtMs: number;
  /** Of the longest recent piece; forgets slowly. */
  private pieceMs = 0;

  /** @param now monotonic ms */
  constructor(
    private readonly work: SlicedWork,
    private readonly budget: LearningBudget,
    private readonly now: () => number,
  ) {
    this.tokensMax = Math.max(2 * budget.sliceMs, budget.msPerSecond * BURST_SHARE_OF_A_SECOND);
    this.tokensMs = this.tokensMax;
    this.filledAtMs = now();
  }

  /** How long until the next slice may begin, ms; 0: now. Infinity when nothing is due. */
  waitMs(): number {
    if (this.work.owed === 0) return Number.POSITIVE_INFINITY;
    this.fill(this.now());
    const missingMs = this.budget.sliceMs - this.tokensMs;
    return missingMs < NOTHING_MS ? 0 : (missingMs * 1_000) / this.budget.msPerSecond;
  }

  /** One slice. @param disturbed asked between pieces: something more urgent waits */
  run(disturbed: () => boolean): void {
    const { work, budget, now } = this;
    const began = now();
    let at = began;
    do {
      work.advance();
      const after = now();
      this.pieceMs = Math.max(after - at, this.pieceMs * 0.9);
      at = after;
    } while (work.owed > 0 && at - began + this.pieceMs <= budget.sliceMs && !disturbed());
    this.spentMs += at - began;
    this.fill(at);
    this.tokensMs -= at - began;
  }

  private fill(at: number): void {
    const earned = ((at - this.filledAtMs) * this.budget.msPerSecond) / 1_000;
    this.tokensMs = Math.min(this.tokensMax, this.tokensMs + earned);
    this.filledAtMs = at;
  }
}
