import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { bytesType } from '../../protocols/bytes.ts';
import { type Codec, MESSAGE_LIMITS } from '../../protocols/codec.ts';
import { GOSSIP_LIMITS } from '../../protocols/gossip/limits.ts';
import { decodeGossipState, encodeGossipState, type GossipState } from '../../protocols/gossip/state.ts';
import { Name } from '../../protocols/names.ts';
import { ROBUST } from '../../protocols/robust/settings.ts';
import type { KeptStanding } from '../../protocols/robust/standings.ts';
import { readIfThere, removeWhole, writeWhole } from './files.ts';

/** What a node leaves behind when it stops in good order, for its next life to go on with. */
export interface MeshRest {
  readonly gossip: GossipState;
  /** Of each lane; none where everybody is believed. */
  readonly standings: readonly (readonly KeptStanding[])[];
}

/** 24 peers and 306 parameters are 0.2 MB; the largest fleet with the largest adapter is left to begin anew. */
const FILE_BYTES_MAX = 16 * 1_048_576;
const { lanesMax } = GOSSIP_LIMITS;
const { remembered } = ROBUST.trust;

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Amount = Type.Number({ minimum: 0, maximum: 1e9 });
/** `["meshRest", 1, gossip state, [[[peer, agreement, refusals, evidence, quarantined], …], …]]`: mesh-rest.cddl. */
const check = Compile(
  Type.Tuple([
    Type.Literal('meshRest'),
    Type.Literal(1),
    bytesType(FILE_BYTES_MAX),
    Type.Array(Type.Array(Type.Tuple([Name, Share, Amount, Amount, Type.Boolean()]), { maxItems: remembered }), {
      maxItems: lanesMax,
    }),
  ]),
);

const LIMITS_OF_FILE = {
  ...MESSAGE_LIMITS,
  bytesMax: FILE_BYTES_MAX,
  binaryBytesMax: FILE_BYTES_MAX,
  itemsMax: 8 + lanesMax * (1 + 6 * remembered),
};

const fileIn = (directory: string, lineage: string): string => join(directory, `mesh-rest-${lineage}.cbor`);

/**
 * Takes what the last life left behind, if anything: it is gone from the disk when this resolves. Mass that were given
 * away twice, from one file read twice, would count twice in every estimate of the fleet; mass that a crash loses now
 * is mass that any crash loses.
 *
 * @param directory of the node's state. @param lineage 16 hex digits: mass of another model stays where it is
 * @returns null when there is nothing, or nothing that can be read
 * @throws NodeError `fileUnreadable`, `fileUnwritable`
 */
export const takeMeshRest = async (codec: Codec, directory: string, lineage: string): Promise<MeshRest | null> => {
  const path = fileIn(directory, lineage);
  const bytes = await readIfThere(path, 'rest of the mesh', FILE_BYTES_MAX);
  if (bytes === null) return null;
  await removeWhole(path);
  const decoded = codec.decode(bytes, LIMITS_OF_FILE);
  if (!decoded.ok || !check.Check(decoded.value)) return null;
  const [, , state, standings] = decoded.value;
  const gossip = decodeGossipState(codec, state);
  return gossip === null ? null : { gossip, standings: standings.map((lane) => lane.map(ofRow)) };
};

/**
 * Whole or not at all, on disk before it resolves; the node must say nothing more in the mesh after this was called.
 *
 * @returns false when it is larger than may be kept
 * @throws NodeError `fileUnwritable`
 */
export const leaveMeshRest = async (
  codec: Codec,
  directory: string,
  lineage: string,
  { gossip, standings }: MeshRest,
): Promise<boolean> => {
  const rows = standings.map((lane) => lane.map(toRow));
  const bytes = codec.encode(['meshRest', 1, encodeGossipState(codec, gossip), rows]);
  if (bytes.length > FILE_BYTES_MAX) return false;
  await writeWhole(fileIn(directory, lineage), bytes);
  return true;
};

type Row = [string, number, number, number, boolean];

const toRow = ({ peer, agreement, refusals, evidence, quarantined }: KeptStanding): Row => [
  peer,
  agreement,
  refusals,
  evidence,
  quarantined,
];

const ofRow = ([peer, agreement, refusals, evidence, quarantined]: Row): KeptStanding => {
  return { peer, agreement, refusals, evidence, quarantined };
};
