import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { bytesType } from '../../../protocols/bytes.ts';
import type { CborLimits } from '../../../protocols/cbor-scan.ts';
import { createCodec } from '../../../protocols/codec.ts';
import { Count } from '../../../protocols/numbers.ts';
import { errorMessage, NodeError } from '../../errors.ts';

/** A full journal of the largest windows a card allows, for several models; more is not a state. */
export const ARCHIVE_BYTES_MAX = 256 * 1024 * 1024;

const KIND = 'myrmexState';
const VERSION = 1;
const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 32;
const LIMITS: CborLimits = {
  bytesMax: 4 * 1024 * 1024 + 256,
  depthMax: 1,
  itemsMax: 8,
  pairsMax: 0,
  textBytesMax: 128,
  binaryBytesMax: 4 * 1024 * 1024,
  tags: [],
};

const HEADER = Compile(Type.Tuple([Type.Literal(KIND), Count, Count, Count, Count]));
const RECORD = Compile(Type.Tuple([Type.String({ maxLength: 128 }), bytesType(LIMITS.binaryBytesMax)]));

/** Everything learned, as it leaves one gateway and enters another. */
export interface Archive {
  /** Which keys there are and what they mean. */
  readonly layout: number;
  /** The last epoch that the exported node had given out. */
  readonly epoch: number;
  readonly records: readonly (readonly [key: string, value: Uint8Array])[];
}

/**
 * Gzip of: the header `[kind, version, layout, epoch, count]`, `count` times `[key, value]`, then the SHA-256 of all
 * before it. Header and records are CBOR, each behind its length (4 bytes, big-endian).
 */
export async function writeArchive({ layout, epoch, records }: Archive): Promise<Uint8Array> {
  const codec = createCodec();
  const parts: Uint8Array[] = [];
  for (const item of [[KIND, VERSION, layout, epoch, records.length], ...records]) {
    const bytes = codec.encode(item);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  const content = Buffer.concat(parts);
  return promisify(gzip)(Buffer.concat([content, checksum(content)]));
}

/**
 * Reads an archive completely before anything is believed.
 *
 * @param bytesMax bound of what is unpacked: a small file can claim to be a large one
 * @throws NodeError `archiveDamaged`, `archiveNewer`
 */
export async function readArchive(file: Uint8Array, bytesMax: number = ARCHIVE_BYTES_MAX): Promise<Archive> {
  const content = await unpack(file, bytesMax);
  const items = itemsOf(content);
  const header = items.next().value;
  if (!HEADER.Check(header)) throw damaged('it is not a state that myrmex exported');
  const [, version, layout, epoch, count] = header;
  if (version > VERSION) {
    throw new NodeError('archiveNewer', `it was exported by a newer version of myrmex (${version}): install that one`);
  }
  const records: [string, Uint8Array][] = [];
  for (const item of items) {
    if (!RECORD.Check(item)) throw damaged('a record in it is none');
    records.push([item[0], item[1]]);
  }
  if (records.length !== count) throw damaged(`it holds ${records.length} of ${count} records`);
  return { layout, epoch, records };
}

/** The content, whose checksum has been found right. */
async function unpack(file: Uint8Array, maxOutputLength: number): Promise<Buffer> {
  let packed: Buffer;
  try {
    packed = await promisify(gunzip)(file, { maxOutputLength });
  } catch (cause) {
    throw damaged(`it cannot be unpacked: ${errorMessage(cause)}`);
  }
  const end = packed.length - CHECKSUM_BYTES;
  const content = packed.subarray(0, Math.max(0, end));
  if (end < 0 || !checksum(content).equals(packed.subarray(end))) throw damaged('its checksum is wrong');
  return content;
}

function* itemsOf(content: Buffer): Generator<unknown> {
  const codec = createCodec();
  for (let at = 0; at < content.length; ) {
    const from = at + LENGTH_BYTES;
    const length = from <= content.length ? content.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (from + length > content.length) throw damaged('a record in it is cut off');
    const item = codec.decode(content.subarray(from, from + length), LIMITS);
    if (!item.ok) throw damaged('a record in it is not CBOR');
    yield item.value;
    at = from + length;
  }
}

const checksum = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();

/** What is wrong with the file; the caller knows which one. */
export const damaged = (what: string): NodeError => new NodeError('archiveDamaged', what);
