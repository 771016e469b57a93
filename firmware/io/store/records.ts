import { createHash } from 'node:crypto';
import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { bytesType } from '../../../protocols/bytes.ts';
import type { CborLimits } from '../../../protocols/cbor-scan.ts';
import { type Codec, createCodec } from '../../../protocols/codec.ts';
import { Count } from '../../../protocols/numbers.ts';
import { WindowId } from '../../../protocols/window-id.ts';
import type { JournalEntry } from '../../journal.ts';

/** Bounds of one stored value. A snapshot is a few KB and an entry a window of features; 4 MiB is a wrong file. */
const RECORD_LIMITS: CborLimits = {
  bytesMax: 4 * 1024 * 1024,
  depthMax: 1,
  itemsMax: 16,
  pairsMax: 0,
  textBytesMax: 64,
  binaryBytesMax: 4 * 1024 * 1024,
  tags: [],
};

const CHECKSUM_BYTES = 8;
const VERSION = 1;

const contentOf = <Kind extends string, Fields extends TSchema[]>(kind: Kind, ...fields: Fields) =>
  Compile(Type.Tuple([Type.Literal(kind), Type.Literal(VERSION), ...fields]));
const Through = Type.Integer({ minimum: -1 });
const EPOCH = contentOf('epoch', Count);
const LAYOUT = contentOf('layout', Count);
const LABEL = contentOf('label', Count);
const ENTRY = contentOf('entry', Count, Count, WindowId, Count, bytesType(RECORD_LIMITS.binaryBytesMax));
const SNAPSHOT = contentOf('snapshot', Count, Through, bytesType(RECORD_LIMITS.binaryBytesMax));

/** The snapshot with its number and the newest journal sequence it contains (-1: none). */
export interface SnapshotRecord {
  readonly number: number;
  readonly through: number;
  readonly bytes: Uint8Array;
}

/**
 * Values as they lie on disk: the first 8 bytes of the SHA-256 of the rest, then CBOR `[kind, version, …]`. LevelDB
 * checks its own log but not every table block, and SD cards do forget. Readers give null for what is damaged, of
 * another kind, or of a version this software does not know; the caller counts it.
 */
export interface Records {
  writeEpoch(epoch: number): Uint8Array;
  readEpoch(value: Uint8Array): number | null;
  writeLayout(layout: number): Uint8Array;
  readLayout(value: Uint8Array): number | null;
  writeEntry(entry: JournalEntry): Uint8Array;
  readEntry(value: Uint8Array): JournalEntry | null;
  writeSnapshot(snapshot: SnapshotRecord): Uint8Array;
  readSnapshot(value: Uint8Array): SnapshotRecord | null;
  writeLabel(label: number): Uint8Array;
  readLabel(value: Uint8Array): number | null;
}

export function createRecords(): Records {
  const codec = createCodec();
  const write = (...content: unknown[]) => protect(codec.encode(content));
  return {
    writeEpoch: (epoch) => write('epoch', VERSION, epoch),
    readEpoch: (value) => open(codec, EPOCH, value)?.[2] ?? null,
    writeLayout: (layout) => write('layout', VERSION, layout),
    readLayout: (value) => open(codec, LAYOUT, value)?.[2] ?? null,
    writeEntry: ({ slot, sequence, window, label, features }) =>
      write('entry', VERSION, slot, sequence, window, label, toLittleEndian(features)),
    readEntry: (value) => entryOf(codec, value),
    writeSnapshot: ({ number, through, bytes }) => write('snapshot', VERSION, number, through, bytes),
    readSnapshot: (value) => snapshotOf(codec, value),
    writeLabel: (label) => write('label', VERSION, label),
    readLabel: (value) => open(codec, LABEL, value)?.[2] ?? null,
  };
}

function protect(content: Uint8Array): Uint8Array {
  return Buffer.concat([checksum(content), content]);
}

function checksum(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest().subarray(0, CHECKSUM_BYTES);
}

function open<Content extends TSchema>(
  codec: Codec,
  validator: Validator<TProperties, Content>,
  value: Uint8Array,
): Static<Content> | null {
  const content = value.subarray(CHECKSUM_BYTES);
  if (!checksum(content).equals(value.subarray(0, CHECKSUM_BYTES))) return null;
  const decoded = codec.decode(content, RECORD_LIMITS);
  return decoded.ok && validator.Check(decoded.value) ? decoded.value : null;
}

function entryOf(codec: Codec, value: Uint8Array): JournalEntry | null {
  const fields = open(codec, ENTRY, value);
  if (fields === null) return null;
  const [, , slot, sequence, window, label, features] = fields;
  return features.length % 4 === 0 ? { slot, sequence, window, label, features: fromLittleEndian(features) } : null;
}

/** The bytes are copied: the value may be a view of a buffer of the database. */
function snapshotOf(codec: Codec, value: Uint8Array): SnapshotRecord | null {
  const fields = open(codec, SNAPSHOT, value);
  return fields && { number: fields[2], through: fields[3], bytes: Uint8Array.from(fields[4]) };
}

/** Files move between machines: the byte order is fixed. */
function toLittleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  return bytes;
}

function fromLittleEndian(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * 4, true);
  return values;
}
