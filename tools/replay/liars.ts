import { createRandom, type Random } from '../../kernels/random.ts';
import { type Lane, lanesOf, type Part } from '../../protocols/gossip/lanes.ts';
import { GOSSIP_LIMITS } from '../../protocols/gossip/limits.ts';
import { packValues } from '../../protocols/gossip/quantiser.ts';
import { type GossipBody, readGossip, writeGossip } from '../../protocols/messages/gossip.ts';
import { type AttackName, attack } from '../mesh/attacks.ts';

export interface LiarsOptions {
  /** Share of the nodes that lie, 0 to 1. */
  readonly share: number;
  readonly attack: AttackName;
  readonly nodes: number;
  readonly seed: number;
  readonly parts: readonly Part[];
}

/**
 * Nodes, drawn by the seed, that take part in gossip as the protocol asks and put the value of an attack into every
 * message; they know what all honest nodes hold, and act together.
 */
export class Liars {
  private readonly lying: ReadonlySet<number>;
  private readonly lanes: readonly Lane[];
  private readonly random: Random;
  private honest: readonly Float64Array[] = [];

  constructor(private readonly options: LiarsOptions) {
    const { share, nodes, seed, parts } = options;
    this.random = createRandom(seed, 'liars');
    const left = Array.from({ length: nodes }, (_, at) => at);
    const count = Math.round(share * nodes);
    this.lying = new Set(Array.from({ length: count }, () => left.splice(this.random.integer(left.length), 1)[0]!));
    this.lanes = lanesOf(parts);
  }

  get count(): number {
    return this.lying.size;
  }

  has(at: number): boolean {
    return this.lying.has(at);
  }

  /** A cycle begins: what all nodes hold now. */
  look(held: readonly { readonly at: number; readonly value: Float64Array }[]): void {
    this.honest = held.filter(({ at }) => !this.has(at)).map(({ value }) => value.slice());
  }

  /** @param own what node `at` would say. @returns null where it says that */
  say(at: number, own: Float64Array, body: GossipBody): GossipBody | null {
    const message = readGossip(body);
    if (!this.has(at) || message.grains === 0 || this.honest.length === 0) return null;
    const value = attack(this.options.attack, this.honest, own, this.random, this.lying.size);
    const lane = this.lanes[message.lane]!;
    const weight = message.grains / GOSSIP_LIMITS.grainsPerUnit;
    const mass = value.slice(lane.offset, lane.offset + lane.length).map((entry) => weight * entry);
    return writeGossip({ ...message, ...packValues(mass, lane, 'int8', new Float64Array(lane.length)) });
  }
}
