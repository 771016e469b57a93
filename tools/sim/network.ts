import type { Random } from '../../kernels/random.ts';

export interface NetworkOptions {
  /** Share of messages that never arrive. */
  readonly loss: number;
  /** Share of which a copy arrives again, up to `echoMs` later. */
  readonly duplicates: number;
  readonly echoMs: number;
  /** One way, ms, uniform between the two: what is sent later may arrive earlier. */
  readonly latencyMs: readonly [number, number];
}

/** A time when some links are down. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
  /** Node indices of one side; links across are down. Null: the broker is, and with it every link. */
  readonly side: ReadonlySet<number> | null;
}

/** Decides what becomes of each message. */
export class Network {
  private readonly options: NetworkOptions;
  private readonly outages: readonly Outage[];
  private readonly random: Random;

  constructor(options: NetworkOptions, outages: readonly Outage[], random: Random) {
    this.options = options;
    this.outages = outages;
    this.random = random;
  }

  /** Delays until each arrival of a message, ms; none when it is lost. */
  delays(from: number, to: number, now: number): readonly number[] {
    const { loss, duplicates, echoMs } = this.options;
    if (this.isCut(from, to, now)) return [];
    const delays = this.random.float() < loss ? [] : [this.delay()];
    if (this.random.float() < duplicates) delays.push(this.delay() + echoMs * this.random.float());
    return delays;
  }

  isCut(from: number, to: number, now: number): boolean {
    return this.outages.some(
      ({ fromMs, toMs, side }) => now >= fromMs && now < toMs && (side === null || side.has(from) !== side.has(to)),
    );
  }

  private delay(): number {
    const [least, most] = this.options.latencyMs;
    return least + (most - least) * this.random.float();
  }
}
