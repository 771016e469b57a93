/** Without a watchdog nobody waits for a sign of life; the status line is still worth a process now and then. */
const STATUS_MS = 60_000;
/** A silent compute worker is found and replaced within the node first; longer, and systemd starts the node again. */
const GRACE_MS = 20_000;

/** How the node is, for the one who supervises it. */
export interface ServiceView {
  /** Since when the compute worker gives no sign of life, ms. */
  readonly silentMs: number;
  /** One line for people. */
  readonly status: string;
}

/** When to tell the service manager what, in assignments of sd_notify(3). */
export class ServiceReport {
  private toldMs: number | null = null;
  private aliveMs = 0;
  private readonly periodMs: number;
  private readonly watchdogMs: number | null;

  /** @param watchdogMs after which the manager kills who is silent; null for never */
  constructor(watchdogMs: number | null) {
    this.watchdogMs = watchdogMs;
    this.periodMs = watchdogMs === null ? STATUS_MS : watchdogMs / 2;
  }

  /** Call about once a second while the node runs. @param now monotonic ms @returns nothing to say when empty */
  step(now: number, { silentMs, status }: ServiceView): readonly string[] {
    const first = this.toldMs === null;
    if (first || silentMs === 0) this.aliveMs = now;
    if (this.toldMs !== null && now - this.toldMs < this.periodMs) return [];
    this.toldMs = now;
    const dead = now - this.aliveMs > GRACE_MS;
    const alive = this.watchdogMs === null || dead ? [] : ['WATCHDOG=1'];
    return [...(first ? ['READY=1'] : []), ...alive, `STATUS=${dead ? 'the compute worker is dead' : status}`];
  }
}
