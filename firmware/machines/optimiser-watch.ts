/** What a node runs for every window is hot, and compiled, long before; what comes later is run rarely. */
const WARM_UP_MS = 300_000;
/** So much more of a core than usual is a sign of new work, or of code that V8 has thrown away. */
const MORE_TIMES = 1.5;
const MORE_SHARE = 0.02;
/** Of one core: above it all help is welcome. */
const BUSY_SHARE = 0.5;
/** Of the last look in what is usual: ten minutes, if there are two looks a minute. */
const LEARNING_RATE = 0.05;

/**
 * When V8 may optimise further functions. It never comes to an end by itself: ever rarer functions become hot, and
 * their code adds half a megabyte an hour that saves a node nothing. So it stops once the node is warm, and has its
 * time again whenever the node uses clearly more of the processor than it did: after a change of load, a new worker, or
 * the loss of code for a function that matters.
 */
export class OptimiserWatch {
  private warmMs: number;
  private lookedMs: number;
  private usedMs: number;
  private usualShare = 0;
  private isWarm = false;

  /** @param now monotonic ms @param cpuMs what all threads of the process have used until then */
  constructor(now: number, cpuMs: number) {
    this.warmMs = now + WARM_UP_MS;
    this.lookedMs = now;
    this.usedMs = cpuMs;
  }

  /** Whether it was warm at the last look: what is left behind by a start has been left behind by then. */
  get warm(): boolean {
    return this.isWarm;
  }

  /**
   * Call about twice a minute; the share of a core is taken over the time since the last call.
   *
   * @returns whether the optimiser may go on
   */
  look(now: number, cpuMs: number): boolean {
    const share = (cpuMs - this.usedMs) / (now - this.lookedMs);
    this.lookedMs = now;
    this.usedMs = cpuMs;
    if (this.isWarm && share > MORE_TIMES * this.usualShare + MORE_SHARE) this.warmMs = now + WARM_UP_MS;
    const rate = this.isWarm ? LEARNING_RATE : 1;
    this.usualShare += rate * (share - this.usualShare);
    this.isWarm = now >= this.warmMs;
    return !this.isWarm || share >= BUSY_SHARE;
  }
}
