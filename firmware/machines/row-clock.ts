/** Rows that fell due while this process did not run are given up after so long; the stream begins a new segment. */
const PAUSE_MS_MIN = 1_000;
/** Rows come in bursts of this length at high rates, as they would from a converter's buffer. */
const BURST_MS = 10;

/**
 * Says when each row of a window is due: row k lies at `began + k × interval`, whatever timers do, so that a year of
 * rows does not drift by one. A row is due `delayMs` after its time, when its samples have come.
 */
export class RowClock {
  /** The row that `next` handed out: its time on the clock, and in the stream. */
  atMs = 0;
  tMs = 0;
  segment = 0;
  /** Length of the last pause that was skipped, 0 when none was since the row before. */
  skippedMs = 0;
  pauses = 0;
  readonly #intervalMs: number;
  readonly #delayMs: number;
  readonly #beganMs: number;
  #row = 0;

  constructor(options: { intervalMs: number; delayMs: number; beganMs: number }) {
    this.#intervalMs = options.intervalMs;
    this.#delayMs = options.delayMs;
    this.#beganMs = options.beganMs;
  }

  /** Moves on to the next row if that is due; false when it is not. */
  next(nowMs: number): boolean {
    const lateMs = nowMs - this.#dueMs();
    if (lateMs < 0) return false;
    this.skippedMs = 0;
    if (lateMs > Math.max(PAUSE_MS_MIN, 2 * this.#intervalMs)) this.#skip(lateMs);
    this.tMs = this.#row * this.#intervalMs;
    this.atMs = this.#beganMs + this.tMs;
    this.#row++;
    return true;
  }

  /** Until there is something to do: at least one interval's burst. Above 0. */
  waitMs(nowMs: number): number {
    const untilDue = this.#dueMs() - nowMs;
    return Math.max(untilDue, BURST_MS > this.#intervalMs ? BURST_MS : 1);
  }

  #dueMs(): number {
    return this.#beganMs + this.#row * this.#intervalMs + this.#delayMs;
  }

  #skip(lateMs: number): void {
    const rows = Math.floor(lateMs / this.#intervalMs);
    this.#row += rows;
    this.skippedMs = rows * this.#intervalMs;
    this.segment++;
    this.pauses++;
  }
}
