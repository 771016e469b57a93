/**
 * Wakes one thread that has several things to wait for. The sleeper notes `count()`, looks at everything it serves, and
 * only then waits for the count to change: a ring between the look and the wait is not lost.
 */
export class Doorbell {
  /** Bytes of shared memory one bell takes. */
  static readonly BYTES = 4;
  readonly #word: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#word = new Int32Array(shared, 0, 1);
  }

  /** Says that there is something new to look at. */
  ring(): void {
    Atomics.add(this.#word, 0, 1);
    Atomics.notify(this.#word, 0, 1);
  }

  /** How often it has rung (32 bits, wraps). */
  count(): number {
    return Atomics.load(this.#word, 0);
  }

  /** Sleeps until it has rung since `count` was taken, at most `timeoutMs`; false when nothing rang. */
  wait(count: number, timeoutMs: number): boolean {
    return Atomics.wait(this.#word, 0, count, timeoutMs) !== 'timed-out';
  }
}
