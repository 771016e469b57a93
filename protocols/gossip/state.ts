import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { bytesType } from '../bytes.ts';
import type { CborLimits } from '../cbor-scan.ts';
import type { Codec } from '../codec.ts';
import { Name } from '../names.ts';
import { Count } from '../numbers.ts';
import { GOSSIP_LIMITS } from './limits.ts';

const KIND = 'gossipState';
const VERSION = 1;
const closed = { additionalProperties: false } as const;

const { lanesMax, edgesMax, partsMax, valueBytesMax, valuesMax } = GOSSIP_LIMITS;

const Floats = (countMax: number) => bytesType(8 * countMax);
const Packed = Type.Union([
  Type.Null(),
  Type.Object({ scales: bytesType(2 * partsMax), values: bytesType(valueBytesMax) }, closed),
]);
const Anchor = Type.Union([Type.Null(), Floats(valuesMax)]);
const edge = { peer: Name, base: Count, upTo: Count, grains: Count, packed: Packed, anchor: Anchor };
const edges = { maxItems: edgesMax };

/** All that a node must remember of gossip so that a crash costs nothing. */
const GossipState = Type.Object(
  {
    generation: Count,
    incarnation: Count,
    lineage: bytesType(8, 8),
    cycle: Count,
    transfers: Count,
    pending: Floats(lanesMax * valuesMax),
    peers: Type.Array(Type.Object({ name: Name, generation: Count }, closed), { maxItems: GOSSIP_LIMITS.membersMax }),
    lanes: Type.Array(
      Type.Object(
        {
          grains: Count,
          seasoned: Type.Boolean(),
          sum: Floats(valuesMax),
          memory: Floats(valuesMax),
          outgoing: Type.Array(
            Type.Object({ ...edge, isToldInFull: Type.Boolean(), returned: Type.Boolean() }, closed),
            edges,
          ),
          incoming: Type.Array(Type.Object(edge, closed), edges),
        },
        closed,
      ),
      { maxItems: lanesMax },
    ),
  },
  closed,
);

export type GossipState = Static<typeof GossipState>;
export type LaneState = GossipState['lanes'][number];

const validator = Compile(GossipState);

const STATE_LIMITS: CborLimits = {
  bytesMax: 64 * 1024 * 1024,
  depthMax: 8,
  itemsMax: 2_000_000,
  pairsMax: 16,
  textBytesMax: 64,
  binaryBytesMax: 8 * lanesMax * valuesMax,
  tags: [],
};

export function encodeGossipState(codec: Codec, state: GossipState): Uint8Array {
  return codec.encode([KIND, VERSION, state]);
}

/** Null when the bytes are not a state of this version. Byte strings are views of `bytes`. Never throws. */
export function decodeGossipState(codec: Codec, bytes: Uint8Array): GossipState | null {
  const decoded = codec.decode(bytes, STATE_LIMITS);
  if (!decoded.ok || !Array.isArray(decoded.value)) return null;
  const [kind, version, state] = decoded.value as unknown[];
  return kind === KIND && version === VERSION && validator.Check(state) ? state : null;
}
