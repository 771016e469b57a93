import Type, { type Static, type TSchema } from 'typebox';
import type { Validator } from 'typebox/schema';
import { bytesType } from '../../../protocols/bytes.ts';
import type { CborLimits } from '../../../protocols/cbor-scan.ts';
import { type Codec, createCodec } from '../../../protocols/codec.ts';
import { LIMITS } from '../../../protocols/limits.ts';
import { Count } from '../../../protocols/numbers.ts';
import { WindowId } from '../../../protocols/window-id.ts';
import type { JournalEntry } from '../../journal.ts';
import { LABELLERS_MAX, type TrackRecord } from '../../machines/label-pool.ts';
import { readRecord, recordType, seal } from './sealed.ts';

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

const VERSION = 1;

const Through = Type.Integer({ minimum: -1 });
const EPOCH = recordType('epoch', VERSION, Count);
const LAYOUT = recordType('layout', VERSION, Count);
const LABEL = recordType('label', VERSION, Count);
const ENTRY = recordType('entry', VERSION, Count, Count, WindowId, Count, bytesType(RECORD_LIMITS.binaryBytesMax));
const SNAPSHOT = recordType('snapshot', VERSION, Count, Through, bytesType(RECORD_LIMITS.binaryBytesMax));

/** One list of names, one of what each was right and wrong: flat, in turn. */
const LABELLERS_LIMITS: CborLimits = {
  ...RECORD_LIMITS,
  bytesMax: 64 * 1024,
  depthMax: 2,
  itemsMax: 4 * LABELLERS_MAX,
  textBytesMax: 4 * LIMITS.nameCharsMax,
};
const LABELLERS = recordType(
  'labellers',
  VERSION,
  Type.Array(Type.String(), { maxItems: LABELLERS_MAX }),
  Type.Array(Type.Number({ minimum: 0 }), { maxItems: 2 * LABELLERS_MAX }),
);

/** The snapshot with its number and the newest journal sequence it contains (-1: none). */
export interface SnapshotRecord {
  readonly number: number;
  readonly through: number;
  readonly bytes: Uint8Array;
}

/**
 * Sealed values of CBOR `[kind, version, …]`. Readers give null for what is damaged, of another kind, or of a version
 * this software does not know; the caller counts it.
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
  writeLabellers(records: readonly TrackRecord[]): Uint8Array;
  readLabellers(value: Uint8Array): TrackRecord[] | null;
}

export function createRecords(): Records {
  const codec = createCodec();
  const write = (...content: unknown[]) => seal(codec.encode(content));
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
    writeLabellers: (records) =>
      write(
        'labellers',
        VERSION,
        records.map(({ by }) => by),
        records.flatMap(({ right, wrong }) => [right, wrong]),
      ),
    readLabellers: (value) => labellersOf(codec, value),
  };
}

function open<Content extends TSchema>(
  codec: Codec,
  type: Validator<Content>,
  value: Uint8Array,
): Static<Content> | null {
  return readRecord(codec, RECORD_LIMITS, type, value);
}

function entryOf(codec: Codec, value: Uint8Array): JournalEntry | null {
  const fields = open(codec, ENTRY, value);
  if (fields === null) return null;
  const [, , slot, sequence, window, label, features] = fields;
  return features.length % 4 === 0 ? { slot, sequence, window, label, features: fromLittleEndian(features) } : null;
}

function labellersOf(codec: Codec, value: Uint8Array): TrackRecord[] | null {
  const fields = readRecord(codec, LABELLERS_LIMITS, LABELLERS, value);
  if (fields === null) return null;
  const [, , names, counts] = fields;
  if (counts.length !== 2 * names.length) return null;
  return names.map((by, i) => ({ by, right: counts[2 * i]!, wrong: counts[2 * i + 1]! }));
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
