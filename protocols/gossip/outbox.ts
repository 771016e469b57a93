import { writeGossip } from '../messages/gossip.ts';
import type { Holdings } from './holdings.ts';
import type { Membership } from './membership.ts';
import type { GossipEffect, GossipRejection } from './options.ts';

/** What a machine wants done, collected during a call, and how its messages are made. */
export class Outbox {
  private effects: GossipEffect[] = [];
  private readonly lineage: Uint8Array;
  private readonly holdings: Holdings;
  private readonly membership: Membership;

  constructor(lineage: Uint8Array, holdings: Holdings, membership: Membership) {
    this.lineage = lineage;
    this.holdings = holdings;
    this.membership = membership;
  }

  /** Tells a peer what is under way to it, what of its own has arrived, and a rumour or two. */
  say(peer: string, lane: number, cycle: number, round: number): void {
    const { generation, incarnation } = this.membership;
    const body = writeGossip({
      ...this.holdings.fieldsFor(lane, peer),
      lineage: this.lineage,
      cycle,
      round,
      generation,
      incarnation,
      peerGeneration: this.membership.generationOf(peer),
      rumours: this.membership.nextRumours(),
    });
    this.effects.push({ kind: 'send', to: peer, body });
  }

  refuse(peer: string, reason: GossipRejection): void {
    this.effects.push({ kind: 'refused', peer, reason });
  }

  push(effect: GossipEffect): void {
    this.effects.push(effect);
  }

  takeEffects(): readonly GossipEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }
}
