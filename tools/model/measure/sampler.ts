/** A batch is this long at least, so that neither the clock's resolution nor reading it is measured. */
const BATCH_NS = 1e6;
/** Batches of one engine are taken in a row for this long before the next one has its turn. */
const TURN_NS = 10e6;
const WARM_UP_NS = 50e6;

/** Nanoseconds that `calls` calls take. */
export type Timed = (calls: number) => number;

/** Times a function of this process. */
export function timedBy(nowNs: () => number, call: () => void): Timed {
  return (calls) => {
    const started = nowNs();
    for (let count = 0; count < calls; count++) call();
    return nowNs() - started;
  };
}

/** The clock of the tools. */
export const monotonicNs = (): number => performance.now() * 1e6;

/** Collects how long one call takes, as means over batches. */
export class Sampler {
  private readonly samples: number[] = [];
  private readonly calls: number;
  private readonly batches: number;

  /** Warms up: the compilers of V8 are done, and the batch is known. */
  constructor(private readonly timed: Timed) {
    let [spent, calls, perCall] = [0, 0, 0];
    while (spent < WARM_UP_NS) {
      const batch = Math.max(1, calls);
      const took = timed(batch);
      perCall = Math.max(took / batch, 1);
      spent += took;
      calls += batch;
    }
    this.calls = Math.max(1, Math.ceil(BATCH_NS / perCall));
    this.batches = Math.max(1, Math.round(TURN_NS / (this.calls * perCall)));
  }

  /** One turn among several engines that are measured together. */
  take(): void {
    for (let batch = 0; batch < this.batches; batch++) this.samples.push(this.timed(this.calls) / this.calls);
  }

  /** Nanoseconds per call below which the share of the batches lies. */
  quantileNs(share: number): number {
    const sorted = [...this.samples].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  }
}
