/** Share of a block's lateness that moves the clock: jitter is averaged away, the sensor's own rate followed. */
const FOLLOW = 1 / 16;
/** A block further from its time than this and than its own length: blocks were lost, and the clock begins anew. */
const LOST_MS = 1_000;

/**
 * Gives every sample of a block its time. Blocks bear none, and arrive with jitter; but their samples were taken in
 * steps. So each block is expected to end its own length after the one before, and that is corrected a little by when
 * it really came.
 */
export class BlockClock {
  #endMs = Number.NaN;

  /** @param intervalMs between the samples of a block, by the sensor's own clock */
  constructor(private readonly intervalMs: number) {}

  /** Takes a block that has just come; returns the time of its last sample, ahead of now by less than the jitter. */
  end(samples: number, nowMs: number): number {
    const lengthMs = samples * this.intervalMs;
    const expectedMs = this.#endMs + lengthMs;
    const lateMs = nowMs - expectedMs;
    const lost = !(Math.abs(lateMs) <= Math.max(LOST_MS, lengthMs));
    this.#endMs = lost ? nowMs : expectedMs + FOLLOW * lateMs;
    return this.#endMs;
  }
}
