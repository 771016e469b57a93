import type { Membership } from './membership.ts';

/** Lanes asked for at one time. */
export const ASK_LANES_MAX = 8;
/** Members asked before a node believes that nobody has anything: at 20 % loss all answers fail once in 3,500 times. */
const ASKS_MAX = 8;

/** How a newcomer comes by its first mass: one member after the other is asked for half of its own. */
export class Entry {
  private asks = 0;
  private nextAt = 0;
  private readonly everyMs: number;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  /** When `next` has something to say again, ms. */
  get wakeAt(): number {
    return this.nextAt;
  }

  /** Whom to ask now; `wait` before its time or when nobody is there; `found` when all was in vain. */
  next(membership: Membership, place: number, now: number): { ask: string } | 'wait' | 'found' {
    if (now < this.nextAt) return 'wait';
    const members = membership.schedule();
    if (this.asks >= ASKS_MAX) return 'found';
    this.nextAt = now + this.everyMs;
    this.asks += 1;
    for (let i = 0; i < members.length; i++) {
      const { name } = members[(place + this.asks + i) % members.length]!;
      if (name !== membership.self && membership.stateOf(name) === 'alive') return { ask: name };
    }
    return 'wait';
  }
}
