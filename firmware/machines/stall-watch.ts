/** The worker wakes once a second at least, and a learning step takes milliseconds: silent for this long, it hangs. */
const SILENCE_MS_MAX = 10_000;
/** A look that comes later than this says that the watcher itself was held up: what it missed is not counted. */
const LOOK_MS_MAX = 2_000;

/**
 * Whether a thread that counts its rounds in shared memory still goes round. Time that passes while nobody looks
 * (this process suspended or starved, the thread most likely with it) is not held against the thread.
 */
export class StallWatch {
  private beats = -1;
  private lookedMs = 0;
  private silence = 0;

  /** A thread begins. @param now monotonic ms */
  begin(beats: number, now: number): void {
    this.beats = beats;
    this.lookedMs = now;
    this.silence = 0;
  }

  /** Call about once a second; true when the thread hangs. @param now monotonic ms */
  look(beats: number, now: number): boolean {
    const passed = Math.min(now - this.lookedMs, LOOK_MS_MAX);
    this.lookedMs = now;
    this.silence = beats === this.beats ? this.silence + passed : 0;
    this.beats = beats;
    return this.silence >= SILENCE_MS_MAX;
  }

  /** How long the thread has given no sign of life, ms. */
  get silentMs(): number {
    return this.silence;
  }
}
