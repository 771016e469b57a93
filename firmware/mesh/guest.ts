import type { GossipEffect } from '../../protocols/gossip/options.ts';
import type { GossipBody } from '../../protocols/messages/gossip.ts';
import { judgeAhead } from './judge-ahead.ts';
import type { MixerParts, Mixing } from './mixer.ts';

/**
 * A bridge's part in the mesh of a further site. What this node learns goes into the mass at home alone, and comes here
 * as those masses are levelled: so it counts once, and is noised once where it is.
 */
export class Guest implements Mixing {
  constructor(
    private readonly parts: Omit<MixerParts, 'discretion'>,
    private readonly home: Mixing,
  ) {}

  begin(): Promise<readonly GossipEffect[]> {
    return this.apply(this.parts.gossip.begin(this.parts.now()));
  }

  async receive(peer: string, body: GossipBody): Promise<readonly GossipEffect[]> {
    const share = this.parts.share();
    if (share !== null) await judgeAhead(this.parts, share, peer, body);
    return this.apply(this.parts.gossip.receive(peer, body, this.parts.now()));
  }

  tick(): Promise<readonly GossipEffect[]> {
    return this.apply(this.parts.gossip.tick(this.parts.now()));
  }

  /** What this node learned is at home. */
  async settle(): Promise<void> {}

  /** All machines have one estimate, and that at home what was learned since. */
  show(): Promise<void> {
    return this.home.show();
  }

  private async apply(effects: readonly GossipEffect[]): Promise<readonly GossipEffect[]> {
    if (this.parts.seats.mixed(effects)) await this.show();
    return effects;
  }
}
