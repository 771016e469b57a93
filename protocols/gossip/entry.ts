import type { Membership } from './membership.ts';

/** Lanes asked for at one time. */
export const ASK_LANES_MAX = 8;
/** Members asked, and members heard asking, before a node believes that nobody has anything. */
const ASKS_MIN = 8;

/** At least as many as members; twice a power of two, so that the steps begin anew without a break. */
const PROBES_MAX = 16_384;

/** Who goes on in vain asks ever more rarely, down to this share of the first pace. */
const PATIENCE_MAX = 16;

/**
 * How a newcomer comes by its first mass: one member after the other is asked for half of its own. Where all are
 * newcomers each hears the others ask, and only then gives its own values a say: a node that is cut off goes on asking,
 * and does not come back with a say for the model as it was shipped.
 */
export class Entry {
  private asks = 0;
  private probes = 0;
  private nextAt = 0;
  private readonly alsoAsking = new Set<string>();
  private readonly everyMs: number;
  private readonly founds: boolean;

  /** @param founds whether its own values may get a say where nobody has anything; if not it asks on */
  constructor(everyMs: number, founds: boolean) {
    this.everyMs = everyMs;
    this.founds = founds;
  }

  /** When `next` has something to say again, ms. */
  get wakeAt(): number {
    return this.nextAt;
  }

  /** A peer has nothing either. */
  heardAsking(peer: string): void {
    if (this.alsoAsking.size < ASKS_MIN) this.alsoAsking.add(peer);
  }

  /** Whom to ask now; `wait` before its time or when nobody is there; `found` when nobody has any. */
  next(membership: Membership, place: number, now: number): { ask: string } | 'wait' | 'found' {
    if (now < this.nextAt) return 'wait';
    const members = membership.schedule();
    const allAsk = this.asks >= ASKS_MIN && this.alsoAsking.size >= Math.min(ASKS_MIN, members.length - 1);
    if (this.founds && allAsk) return 'found';
    this.asks += 1;
    this.nextAt = now + this.everyMs * Math.min(this.asks, PATIENCE_MAX);
    for (let tries = 2 * (members.length - 1); tries > 0; tries--) {
      const { name } = members[(place + this.nextStep(members.length)) % members.length]!;
      if (membership.stateOf(name) === 'alive') return { ask: name };
    }
    return 'wait';
  }

  /**
   * How far from its own place in a list of `count` >= 2 a node asks next: triangular numbers modulo a power of two,
   * which take every value once before one comes again (Knuth, TAOCP 3, §6.4, exercise 20). All are asked in turn, or
   * else nobody would hear all the others ask; far ones soon, as neighbours may have come together with this node.
   */
  private nextStep(count: number): number {
    let modulus = 2;
    while (modulus < count) modulus *= 2;
    for (;;) {
      this.probes = (this.probes + 1) % (2 * PROBES_MAX);
      const step = ((this.probes * (this.probes + 1)) / 2) % modulus;
      if (step > 0 && step < count) return step;
    }
  }
}
