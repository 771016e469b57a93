import { createGossip, type Gossip } from '../../protocols/gossip/gossip.ts';
import type { Part } from '../../protocols/gossip/lanes.ts';
import type { Member } from '../../protocols/gossip/membership.ts';
import type { GossipEffect, GossipOptions } from '../../protocols/gossip/options.ts';

export const LINEAGE = '0123456789abcdef';

/** Names that sort as they count. */
export const nameOf = (index: number): string => `n${String(index).padStart(5, '0')}`;

/** Machines on a network that delivers everything, at once and in order. */
export interface Fleet {
  readonly nodes: readonly Gossip[];
  /** Every node begins a cycle, and messages go on until nobody has any. Effects that are not messages. */
  cycle(now?: number): readonly GossipEffect[];
  /** Hands over effects of node `from` and all that follows. */
  deliver(from: number, effects: readonly GossipEffect[], now: number): readonly GossipEffect[];
  estimateOf(index: number): Float64Array;
  /** Messages sent so far. */
  sent: number;
}

export interface FleetOptions extends Partial<GossipOptions> {
  readonly count: number;
  readonly parts: readonly Part[];
  readonly start: (index: number) => Float64Array;
}

export function createFleet({ count, start, ...options }: FleetOptions): Fleet {
  const members: readonly Member[] = Array.from({ length: count }, (_, i) => {
    return { name: nameOf(i), generation: 1, present: true };
  });
  const common = { generation: 1, lineage: LINEAGE, entry: 'founder', ...options } as const;
  const nodes = members.map(({ name }, i) => createGossip({ ...common, self: name, values: start(i) }));
  const places = new Map(members.map(({ name }, i) => [name, i]));
  const fleet: Fleet = {
    nodes,
    sent: 0,
    deliver(from, effects, now) {
      const others: GossipEffect[] = [];
      const queue = effects.map((effect) => ({ from, effect }));
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        if (item.effect.kind !== 'send') {
          others.push(item.effect);
          continue;
        }
        fleet.sent += 1;
        const to = places.get(item.effect.to)!;
        const next = nodes[to]!.receive(nameOf(item.from), item.effect.body, now);
        queue.push(...next.map((effect) => ({ from: to, effect })));
      }
      return others;
    },
    cycle: (now = 0) => nodes.flatMap((node, i) => fleet.deliver(i, node.begin(now), now)),
    estimateOf(index) {
      const out = new Float64Array(start(index).length);
      nodes[index]!.estimate(out);
      return out;
    },
  };
  for (const [i, node] of nodes.entries()) fleet.deliver(i, node.members(members, 0), 0);
  return fleet;
}
