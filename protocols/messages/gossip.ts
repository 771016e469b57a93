import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import { GOSSIP_LIMITS } from '../gossip/limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';
import { Count } from '../numbers.ts';

const upTo = (maximum: number) => Type.Integer({ minimum: 0, maximum });

/** What is said about a third node: name, generation, incarnation, and 0 alive, 1 suspect, 2 evicted. */
const Rumour = Type.Tuple([Name, Count, Count, upTo(2)]);

/**
 * A share of the sender's push-sum mass for one peer, and the acknowledgement of the peer's last; QoS 1, never
 * retained. A tuple: the words of a map would take a sixth of the message.
 */
const GossipBody = Type.Tuple([
  /** lineage: base model, seed of the frozen factors and layout of what is averaged */
  bytesType(8, 8),
  /** lane: which slice of the parameters */
  upTo(GOSSIP_LIMITS.lanesMax - 1),
  /** cycle */
  upTo(GOSSIP_LIMITS.cycleMax),
  /** round within the cycle, `ASK` or `ASIDE` */
  upTo(GOSSIP_LIMITS.roundsMax + 1),
  /** generation: rises whenever the sender lost its state */
  Count,
  /** incarnation: rises when the sender refutes that it is gone */
  Count,
  /** peerGeneration: for which life of the receiver the mass is; 0 when the sender does not know it yet */
  Count,
  /** base: the transfer that the receiver acknowledged last */
  Count,
  /** upTo: number of this transfer; `base` when no mass is under way */
  Count,
  /** acknowledged: the receiver's own transfer that the sender has applied last; 0 for none */
  Count,
  /** weight in grains of 2^-24, of all mass after `base` */
  upTo(GOSSIP_LIMITS.weightMax * GOSSIP_LIMITS.grainsPerUnit),
  /** scales: a bfloat16 for each part, big-endian; below zero: values are differences (quantiser.ts) */
  bytesType(2 * GOSSIP_LIMITS.partsMax),
  /** values: an int8 for each parameter of the lane, with or without two bits more, or a float64, big-endian */
  bytesType(GOSSIP_LIMITS.valueBytesMax),
  Type.Array(Rumour, { maxItems: GOSSIP_LIMITS.rumoursMax }),
]);

export type GossipBody = Static<typeof GossipBody>;
export type RumourOnWire = Static<typeof Rumour>;

/** In the place of a round: a node without mass asks for some. */
export const ASK = GOSSIP_LIMITS.roundsMax;

/** In the place of a round: outside of any, so it is applied at once: answers, loose ends, acknowledgements. */
export const ASIDE = GOSSIP_LIMITS.roundsMax + 1;

export const GOSSIP = defineMessage('gossip', GossipBody);

/** The fields of a body by name. */
export interface GossipFields {
  readonly lineage: Uint8Array;
  readonly lane: number;
  readonly cycle: number;
  readonly round: number;
  readonly generation: number;
  readonly incarnation: number;
  readonly peerGeneration: number;
  readonly base: number;
  readonly upTo: number;
  readonly acknowledged: number;
  readonly grains: number;
  readonly scales: Uint8Array;
  readonly values: Uint8Array;
  readonly rumours: RumourOnWire[];
}

export function readGossip(body: GossipBody): GossipFields {
  const [lineage, lane, cycle, round, generation, incarnation, peerGeneration, base, upTo, acknowledged] = body;
  const [grains, scales, values, rumours] = [body[10], body[11], body[12], body[13]];
  const numbers = { lane, cycle, round, generation, incarnation, peerGeneration, base, upTo, acknowledged, grains };
  return { lineage, ...numbers, scales, values, rumours };
}

export function writeGossip(fields: GossipFields): GossipBody {
  const { lineage, lane, cycle, round, generation, incarnation, peerGeneration, base, upTo, acknowledged } = fields;
  const { grains, scales, values, rumours } = fields;
  const edge = [peerGeneration, base, upTo, acknowledged, grains] as const;
  return [lineage, lane, cycle, round, generation, incarnation, ...edge, scales, values, rumours];
}
