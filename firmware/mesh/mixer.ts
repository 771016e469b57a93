import type { Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import { isAfter } from '../../protocols/gossip/serial.ts';
import { type GossipBody, readGossip } from '../../protocols/messages/gossip.ts';
import type { Share } from '../io/share.ts';
import { judgeAhead } from './judge-ahead.ts';
import type { LossBook } from './loss-book.ts';
import type { Discretion } from './privacy.ts';
import type { Seats } from './seats.ts';

/** The gossip machine, in step with the compute worker. Effects are to be carried out in order. */
export interface Mixing {
  /** Time for a cycle by this node's pace. */
  begin(): Promise<readonly GossipEffect[]>;
  /** @param body checked, of the peer that signed it */
  receive(peer: string, body: GossipBody): Promise<readonly GossipEffect[]>;
  tick(): Promise<readonly GossipEffect[]>;
  /** Before the machine is put away: what this node learned goes with it. */
  settle(): Promise<void>;
  /** Gives the compute worker what was mixed. */
  show(): Promise<void>;
}

export interface MixerParts {
  readonly gossip: Gossip;
  /** That machine among them. */
  readonly seats: Seats;
  /** Of the compute worker of the moment; null while there is none. */
  readonly share: () => Share | null;
  readonly losses: LossBook;
  /** null: what was learned is shared as it is. */
  readonly discretion: Discretion | null;
  readonly now: () => number;
}

/**
 * Keeps θ in the compute worker and the push-sum mass in step: what was learned goes into the mass before a cycle, and
 * what was mixed goes to the worker after a message. A worker that was replaced comes back with an older θ, which is no
 * learning: it is given the mesh's.
 */
export class Mixer implements Mixing {
  private current: Share | null = null;
  /** [size], θ as the worker has it but for what it learned since. */
  private known: Float64Array;

  constructor(
    private readonly parts: MixerParts,
    first: Share,
    values: Float64Array,
  ) {
    this.current = first;
    this.known = values;
  }

  /** Takes in what was learned and begins a cycle. */
  async begin(): Promise<readonly GossipEffect[]> {
    const share = await this.follow();
    if (share !== null) await this.takeIn(share);
    return this.apply(this.parts.gossip.begin(this.parts.now()));
  }

  async receive(peer: string, body: GossipBody): Promise<readonly GossipEffect[]> {
    const { gossip } = this.parts;
    const share = await this.follow();
    // It may begin a cycle here too: what was learned goes into that, whoever began it.
    if (share !== null && !gossip.running && isAfter(readGossip(body).cycle, gossip.cycle)) await this.takeIn(share);
    if (share !== null) await judgeAhead(this.parts, share, peer, body);
    return this.apply(gossip.receive(peer, body, this.parts.now()));
  }

  tick(): Promise<readonly GossipEffect[]> {
    return this.apply(this.parts.gossip.tick(this.parts.now()));
  }

  async settle(): Promise<void> {
    const share = await this.follow();
    if (share !== null) await this.takeIn(share);
  }

  /** What was learned since the last time goes into the mass. */
  private async takeIn(share: Share): Promise<void> {
    const values = await share.read();
    const learned = values.map((value, i) => value - this.known[i]!);
    await this.parts.discretion?.(learned);
    this.parts.gossip.moved(learned);
    this.known = values;
  }

  /** The worker of the moment, which has the mesh's θ and what it learned since; null while there is none. */
  private async follow(): Promise<Share | null> {
    const share = this.parts.share();
    if (share === null || share === this.current) return share;
    this.known = await share.read();
    this.current = share;
    await this.write(share);
    return share;
  }

  private async apply(effects: readonly GossipEffect[]): Promise<readonly GossipEffect[]> {
    if (this.parts.seats.mixed(effects)) await this.show();
    return effects;
  }

  async show(): Promise<void> {
    const share = await this.follow();
    if (share !== null) await this.write(share);
  }

  private async write(share: Share): Promise<void> {
    const mixed = new Float64Array(this.known.length);
    this.parts.gossip.estimate(mixed);
    await share.add(mixed.map((value, i) => value - this.known[i]!));
    this.known = mixed;
  }
}
