import type { Lane } from '../../protocols/gossip/lanes.ts';
import type { GossipRejection, MixingRule } from '../../protocols/gossip/options.ts';
import type { KeptStanding } from '../../protocols/robust/standings.ts';

/** The defence of one lane, as far as the node asks it: `TrustingDefence`, or the one that believes everybody. */
export interface Guard extends MixingRule {
  charge?(peer: string): void;
  quarantined?(): readonly string[];
  save?(): readonly KeptStanding[];
  restore?(kept: readonly KeptStanding[]): void;
}

/** What no network does to a message whose signature holds: the peer itself wrote it so. */
const OWN_FAULTS: ReadonlySet<GossipRejection> = new Set<GossipRejection>(['shape', 'weight', 'edge']);

/** The defences of all lanes. What a peer did wrong in one of them speaks against it in every one. */
export class Guards {
  private readonly guards: Guard[] = [];

  constructor(private readonly create: () => Guard) {}

  /** For `GossipOptions.defence`. */
  readonly ofLane = (_lane: Lane): MixingRule => {
    const guard = this.create();
    this.guards.push(guard);
    return guard;
  };

  /** A message of this peer, or its mass, was not taken. */
  refused(peer: string, reason: GossipRejection): void {
    if (!OWN_FAULTS.has(reason)) return;
    for (const guard of this.guards) guard.charge?.(peer);
  }

  /** What is known of peers, by lane. */
  save(): readonly (readonly KeptStanding[])[] {
    return this.guards.map((guard) => guard.save?.() ?? []);
  }

  restore(standings: readonly (readonly KeptStanding[])[]): void {
    for (const [lane, guard] of this.guards.entries()) guard.restore?.(standings[lane] ?? []);
  }

  /** Peers that are in quarantine in at least one lane. */
  get quarantined(): number {
    return new Set(this.guards.flatMap((guard) => guard.quarantined?.() ?? [])).size;
  }
}
