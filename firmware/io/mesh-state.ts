import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { bytesType } from '../../protocols/bytes.ts';
import { type Codec, MESSAGE_LIMITS } from '../../protocols/codec.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { Name } from '../../protocols/names.ts';
import { readIfThere, writeWhole } from './files.ts';

/** What a node knows of its fleet, and must know again after a restart. */
export interface MeshState {
  /** As the operator signed them, by node. */
  readonly enrolments: ReadonlyMap<string, Uint8Array>;
  readonly revocation: Uint8Array | null;
  /** What was heard of whom (protocols/replay-state.ts). */
  readonly replayWindows: Uint8Array | null;
}

/** A signed enrolment has some 250 bytes. */
const SIGNED_BYTES_MAX = 16_384;
const WINDOWS_BYTES_MAX = 1_048_576;
const FILE_BYTES_MAX = 4 * 1_048_576;

const Bytes = bytesType(SIGNED_BYTES_MAX);
/** `["meshState", 1, [[node, enrolment], …], revocation, replay windows]`: protocols/cddl/mesh-state.cddl. */
const check = Compile(
  Type.Tuple([
    Type.Literal('meshState'),
    Type.Literal(1),
    Type.Array(Type.Tuple([Name, Bytes]), { maxItems: LIMITS.enrolmentsMax }),
    Type.Union([Bytes, Type.Null()]),
    Type.Union([bytesType(WINDOWS_BYTES_MAX), Type.Null()]),
  ]),
);

const LIMITS_OF_FILE = {
  ...MESSAGE_LIMITS,
  bytesMax: FILE_BYTES_MAX,
  binaryBytesMax: WINDOWS_BYTES_MAX,
  itemsMax: 8 + 3 * LIMITS.enrolmentsMax,
};

const fileIn = (directory: string): string => join(directory, 'mesh-state.cbor');

const NOTHING: MeshState = { enrolments: new Map(), revocation: null, replayWindows: null };

/** @returns the state, and whether the file was damaged: then the operator's messages come again from the broker. */
export const readMeshState = async (
  codec: Codec,
  directory: string,
): Promise<{ state: MeshState; isDamaged: boolean }> => {
  const bytes = await readIfThere(fileIn(directory), 'state of the mesh', FILE_BYTES_MAX);
  if (bytes === null) return { state: NOTHING, isDamaged: false };
  const decoded = codec.decode(bytes, LIMITS_OF_FILE);
  if (!decoded.ok || !check.Check(decoded.value)) return { state: NOTHING, isDamaged: true };
  const [, , enrolments, revocation, replayWindows] = decoded.value;
  return { state: { enrolments: new Map(enrolments), revocation, replayWindows }, isDamaged: false };
};

/** Whole or not at all. @throws NodeError `fileUnwritable` */
export const writeMeshState = (codec: Codec, directory: string, state: MeshState): Promise<void> =>
  writeWhole(
    fileIn(directory),
    codec.encode(['meshState', 1, [...state.enrolments], state.revocation, state.replayWindows]),
  );
