import type { DefenceName } from '../../protocols/robust/defence.ts';
import { CommandError } from '../errors.ts';
import type { AttackName } from '../mesh/attacks.ts';
import { GossipExchange } from './gossip-exchange.ts';
import { Liars } from './liars.ts';
import type { NodeReplay } from './node-replay.ts';

/** How the nodes of a recording share what they learn. */
export interface ReplayGossip {
  /** Windows of each node between two cycles of gossip. */
  readonly everyWindows: number;
  readonly defence: DefenceName;
  /** Share of the nodes that lie, and how; they are not scored. */
  readonly liars: { readonly share: number; readonly attack: AttackName } | null;
}

/** A cycle of 24 nodes is 3.3 messages a node: with 20 windows between, 1/50 of what `fedavg` sends is not reached. */
export const GOSSIP_EVERY_WINDOWS = 20;

export interface GossipParts {
  readonly exchange: GossipExchange;
  readonly liars: Liars | null;
}

/** @throws CommandError where nodes have nothing to share, or nobody would be left to be scored */
export function createGossipExchange(nodes: readonly NodeReplay[], how: ReplayGossip, seed: number): GossipParts {
  const members = nodes.map(({ node, pipeline }) => {
    const { shared } = pipeline;
    if (shared === null) {
      throw new CommandError('gossip', 'gossip is for classifiers with the expert shared: nothing else is averaged', 2);
    }
    return { node, shared };
  });
  const { parts } = members[0]!.shared;
  const liars = how.liars === null ? null : new Liars({ ...how.liars, nodes: nodes.length, seed, parts });
  if (liars !== null && nodes.every((_, at) => liars.has(at))) {
    throw new CommandError('liars', 'all nodes would lie: choose a smaller --liars', 2);
  }
  const { everyWindows: every, defence } = how;
  return { exchange: new GossipExchange({ members, every, defence, liars }), liars };
}
