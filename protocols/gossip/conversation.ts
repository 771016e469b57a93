import { ASIDE, type GossipFields } from '../messages/gossip.ts';
import type { Holdings } from './holdings.ts';
import type { Membership } from './membership.ts';
import type { Outbox } from './outbox.ts';
import type { Rounds } from './rounds.ts';

export interface ConversationParts {
  readonly holdings: Holdings;
  readonly membership: Membership;
  readonly outbox: Outbox;
  readonly rounds: Rounds;
  /** Share of a peer's weight that counts, 0 … 1. */
  readonly trust: (peer: string) => number;
}

/** What is said to peers and taken from them, in and out of rounds. */
export class Conversation {
  /** Times that one of the evicted was called. */
  private calls = 0;

  constructor(readonly parts: ConversationParts) {}

  /** The slice of the parameters that this cycle is about. */
  get lane(): number {
    return this.parts.rounds.cycle % this.parts.holdings.lanes.length;
  }

  say(peer: string, lane: number, round: number): void {
    this.parts.outbox.say(peer, lane, this.parts.rounds.cycle, round);
  }

  /** @param outside whether it came outside of its round, so that this cycle's end will not speak of it */
  apply(peer: string, message: GossipFields, outside: boolean): void {
    const { holdings, membership, outbox, rounds, trust } = this.parts;
    // It may have waited for its round while the peer lost its state: then what it brings has been taken back.
    const current = message.generation === membership.generationOf(peer);
    const outcome = current ? holdings.take(peer, message, trust(peer)) : 'generation';
    if (outcome !== 'applied' && outcome !== 'old') outbox.refuse(peer, outcome);
    // Whom this cycle does not meet would wait for its acknowledgement for ever.
    if (outside && message.upTo > message.base && !rounds.meets(peer)) this.say(peer, message.lane, ASIDE);
    if (outside && outcome === 'applied') {
      outbox.push({ kind: 'mixed', cycle: rounds.cycle, complete: false });
    }
  }

  /** One of those who were given up and are present again is spoken to, in turn. */
  callLost(): void {
    const lost = this.parts.membership.lost(this.calls++);
    if (lost !== null) this.say(lost, this.lane, ASIDE);
  }

  evict(name: string): void {
    this.parts.holdings.retract(name);
    this.parts.outbox.push({ kind: 'member', name, state: 'evicted' });
  }

  /** Makes a change that may move a member's state, and says so if it did. */
  noteState(name: string, change: () => void): void {
    const before = this.parts.membership.stateOf(name);
    change();
    const state = this.parts.membership.stateOf(name);
    if (state !== before) this.parts.outbox.push({ kind: 'member', name, state });
  }
}
