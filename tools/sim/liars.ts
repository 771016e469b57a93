import type { Random } from '../../kernels/random.ts';
import { GOSSIP_LIMITS } from '../../protocols/gossip/limits.ts';
import { packValues } from '../../protocols/gossip/quantiser.ts';
import { type GossipBody, readGossip, writeGossip } from '../../protocols/messages/gossip.ts';
import { type AttackName, attack } from '../mesh/attacks.ts';
import type { MeshNode } from './mesh-node.ts';

/** What the liars send: the honest machine's weights and ledgers, with the values of an attack. */
export class LiarsTable {
  private readonly nodes: readonly MeshNode[];
  private readonly attack: AttackName;
  private readonly random: Random;
  private period = -1;
  private honest: readonly Float64Array[] = [];
  private readonly lies = new Map<number, Float64Array>();

  constructor(nodes: readonly MeshNode[], name: AttackName, random: Random) {
    this.nodes = nodes;
    this.attack = name;
    this.random = random;
  }

  /** @param period cycles begun: a liar thinks of one lie for each */
  falsify(node: MeshNode, body: GossipBody, period: number): GossipBody {
    const fields = readGossip(body);
    if (fields.upTo === fields.base) return body;
    if (period !== this.period) this.look(period);
    const lie = this.lieOf(node);
    const lane = node.machine.holdings.lanes[fields.lane]!;
    const weight = fields.grains / GOSSIP_LIMITS.grainsPerUnit;
    const sum = lie.slice(lane.offset, lane.offset + lane.length).map((value) => weight * value);
    return writeGossip({ ...fields, ...packValues(sum, lane, 'int8', sum) });
  }

  private look(period: number): void {
    this.period = period;
    this.lies.clear();
    this.honest = this.nodes.filter(({ liar, up }) => !liar && up).map(estimateOf);
  }

  private lieOf(node: MeshNode): Float64Array {
    let lie = this.lies.get(node.index);
    if (lie === undefined) {
      const liars = this.nodes.filter(({ liar }) => liar).length;
      lie = attack(this.attack, this.honest, estimateOf(node), this.random, liars);
      this.lies.set(node.index, lie);
    }
    return lie;
  }
}

export function estimateOf({ machine }: MeshNode): Float64Array {
  const out = new Float64Array(machine.holdings.size);
  machine.estimate(out);
  return out;
}
