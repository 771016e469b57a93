import type { Membership } from './membership.ts';

/** Lanes asked for at one time. */
export const ASK_LANES_MAX = 8;
/** Members asked, and members heard asking, before a node believes that nobody has anything. */
const ASKS_MIN = 8;

/** Who goes on in vain asks ever more rarely, down to this share of the first pace. */
const PATIENCE_MAX = 16;

/**
 * How a newcomer comes by its first mass: one member after the other is asked for half of its own. Where all are
 * newcomers each hears the others ask, and only then gives its own values a say: a node that is cut off goes on asking,
 * and does not come back with a say for the model as it was shipped.
 */
export class Entry {
  private asks = 0;
  private nextAt = 0;
  private readonly alsoAsking = new Set<string>();
  private readonly everyMs: number;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
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
    if (this.asks >= ASKS_MIN && this.alsoAsking.size >= Math.min(ASKS_MIN, members.length - 1)) return 'found';
    this.asks += 1;
    this.nextAt = now + this.everyMs * Math.min(this.asks, PATIENCE_MAX);
    // Triangular steps (1, 3, 6, 10 …): neighbours in the list may have come together with this node.
    const step = (this.asks * (this.asks + 1)) / 2;
    for (let i = 0; i < members.length; i++) {
      const { name } = members[(place + step + i) % members.length]!;
      if (name !== membership.self && membership.stateOf(name) === 'alive') return { ask: name };
    }
    return 'wait';
  }
}
