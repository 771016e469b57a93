import { CommandError } from '../errors.ts';
import { GossipExchange } from './gossip-exchange.ts';
import type { ReplayGossip } from './gossip-options.ts';
import { Liars } from './liars.ts';
import type { NodeReplay } from './node-replay.ts';

export interface GossipParts {
  readonly exchange: GossipExchange;
  readonly liars: Liars | null;
}

/** @throws CommandError where nodes have nothing to share, or nobody would be left to be scored */
export function createGossipExchange(nodes: readonly NodeReplay[], how: ReplayGossip, seed: number): GossipParts {
  const members = nodes.map(({ pipeline: { shared } }) => {
    if (shared === null) {
      throw new CommandError('gossip', 'gossip is for classifiers with the expert shared: nothing else is averaged', 2);
    }
    return shared;
  });
  const { parts } = members[0]!;
  const liars = how.liars === null ? null : new Liars({ ...how.liars, nodes: nodes.length, seed, parts });
  if (liars !== null && nodes.every((_, at) => liars.has(at))) {
    throw new CommandError('liars', 'all nodes would lie: choose a smaller --liars', 2);
  }
  const { everyWindows: every, defence } = how;
  return { exchange: new GossipExchange({ members, every, defence, liars }), liars };
}
