import type { Gossip, Preview } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import { type GossipBody, readGossip } from '../../protocols/messages/gossip.ts';
import type { Share } from '../io/share.ts';
import type { Loss, LossBook } from './loss-book.ts';
import type { Discretion } from './privacy.ts';

export interface MixerParts {
  readonly gossip: Gossip;
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
export class Mixer {
  private current: Share | null = null;
  /** [size], θ as the worker has it but for what it learned since. */
  private known: Float64Array;
  /** By lane. */
  private readonly shipped = new Map<number, Loss & { readonly cycle: number }>();

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
    const { gossip, losses } = this.parts;
    const share = await this.follow();
    // It may begin a cycle here too: what was learned goes into that, whoever began it.
    if (share !== null && !gossip.running && readGossip(body).cycle > gossip.cycle) await this.takeIn(share);
    const said = share === null ? null : gossip.preview(peer, body);
    if (share !== null && said !== null) {
      const { own, value, whole } = said;
      losses.note([
        { values: value, loss: await share.judge(whole(value)) },
        { values: own, loss: await share.judge(whole(own)) },
        await this.shippedIn(readGossip(body).lane, share, said),
      ]);
    }
    return this.apply(gossip.receive(peer, body, this.parts.now()));
  }

  /**
   * The model as it was shipped: a newcomer takes over nothing that is far worse than that. Its loss moves with the
   * windows that were labelled, not with messages: once a cycle is enough.
   */
  private async shippedIn(lane: number, share: Share, { own, whole }: Preview): Promise<Loss> {
    const { cycle } = this.parts.gossip;
    const known = this.shipped.get(lane);
    if (known !== undefined && known.cycle === cycle) return known;
    const values = new Float64Array(own.length);
    const found = { cycle, values, loss: await share.judge(whole(values)) };
    this.shipped.set(lane, found);
    return found;
  }

  tick(): Promise<readonly GossipEffect[]> {
    return this.apply(this.parts.gossip.tick(this.parts.now()));
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
    if (!effects.some(({ kind }) => kind === 'mixed')) return effects;
    const share = await this.follow();
    if (share !== null) await this.write(share);
    return effects;
  }

  private async write(share: Share): Promise<void> {
    const mixed = new Float64Array(this.known.length);
    this.parts.gossip.estimate(mixed);
    await share.add(mixed.map((value, i) => value - this.known[i]!));
    this.known = mixed;
  }
}
