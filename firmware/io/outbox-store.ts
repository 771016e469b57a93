import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { CborLimits } from '../../protocols/cbor-scan.ts';
import { createCodec } from '../../protocols/codec.ts';
import { CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX, type OutboxChunk, type OutboxEntry } from '../machines/outbox-parts.ts';
import { openDatabase } from './store/open.ts';
import type { Database } from './store/write-queue.ts';

/** A decision has about 0.5 KB, a message of ours at most 64 KB: one entry may be larger than a chunk should be. */
const CONTENT_BYTES_MAX = CHUNK_BYTES_MAX + 128 * 1024;
const CONTENT_LIMITS: CborLimits = {
  bytesMax: CONTENT_BYTES_MAX,
  depthMax: 2,
  // A topic and a payload each, and what they are in.
  itemsMax: 2 * CHUNK_ENTRIES_MAX + 4,
  pairsMax: 0,
  textBytesMax: 512,
  binaryBytesMax: CONTENT_BYTES_MAX,
  tags: [],
};
const CHECKSUM_BYTES = 8;
/** The kernel has the bytes after every write; the disk itself, which a power cut asks, after this at the latest. */
const SYNC_MS = 10_000;
const FIRST_DIGITS = 16;
const COUNT_DIGITS = 5;
const BYTES_DIGITS = 8;

/** The outbox's place on disk. */
export interface OutboxStore {
  /** What was there when it was opened. */
  readonly chunks: readonly OutboxChunk[];
  write(chunk: OutboxChunk, entries: readonly OutboxEntry[]): Promise<void>;
  /** What can be read of these, in order; a damaged part is left out. */
  read(chunks: readonly OutboxChunk[]): Promise<readonly OutboxEntry[]>;
  remove(chunks: readonly OutboxChunk[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * A LevelDB of its own, made at the first write: a gateway whose broker is always there never has one. A chunk is one
 * value, `sha256[0..8] deflate(CBOR [kind, version, [topic, payload, topic, payload, …]])`; its key says all that has
 * to be known of it before it is read.
 *
 * @param state directory of the node's state, which nobody else has open
 * @param notice hears that it was damaged and repaired
 * @throws NodeError `storeOpen`, `storeLocked`
 */
export const openOutboxStore = async (state: string, notice: (text: string) => void): Promise<OutboxStore> => {
  const directory = join(state, 'outbox');
  const codec = createCodec();
  let opening: Promise<Database> | null = null;
  let syncedMs = -Infinity;
  const database = (): Promise<Database> => {
    opening ??= openDatabase(directory, notice);
    // A disk that was full at the first try may have room at the next.
    opening.catch(() => {
      opening = null;
    });
    return opening;
  };
  const chunks: OutboxChunk[] = [];
  if (existsSync(directory)) {
    for await (const key of (await database()).keys({ gte: 'chunk/', lt: 'chunk0' })) chunks.push(chunkOfKey(key));
  }

  const readChunk = (key: string, value: Uint8Array): OutboxEntry[] => {
    const { first, count } = chunkOfKey(key);
    const content = value.subarray(CHECKSUM_BYTES);
    if (!checksum(content).equals(value.subarray(0, CHECKSUM_BYTES))) return [];
    const decoded = codec.decode(inflateRawSync(content, { maxOutputLength: CONTENT_BYTES_MAX }), CONTENT_LIMITS);
    const list = decoded.ok ? listOf(decoded.value) : null;
    if (list?.length !== 2 * count) return [];
    return Array.from({ length: count }, (_, i) => {
      return {
        position: first + i,
        topic: list[2 * i] as string,
        payload: Uint8Array.from(list[2 * i + 1] as Uint8Array),
      };
    });
  };

  return {
    chunks,
    write: async (chunk, entries) => {
      const content = deflateRawSync(
        codec.encode(['outbox', 1, entries.flatMap(({ topic, payload }) => [topic, payload])]),
      );
      const now = performance.now();
      const sync = now - syncedMs >= SYNC_MS;
      await (await database()).put(keyOf(chunk), Buffer.concat([checksum(content), content]), { sync });
      if (sync) syncedMs = now;
    },
    read: async (wanted) => {
      const entries: OutboxEntry[] = [];
      for (const chunk of wanted) {
        for await (const [key, value] of (await database()).iterator(rangeOf(chunk))) {
          entries.push(...readChunk(key, value));
        }
      }
      return entries;
    },
    remove: async (old) => {
      for (const chunk of old) await (await database()).clear(rangeOf(chunk));
    },
    close: async () => {
      await (await opening)?.close();
    },
  };
};

const digits = (value: number, length: number): string => String(value).padStart(length, '0');

/** Zero-padded, so that the order of keys is the order of sending. */
const keyOf = ({ first, count, bytes }: OutboxChunk): string =>
  `chunk/${digits(first, FIRST_DIGITS)}/${digits(count, COUNT_DIGITS)}/${digits(bytes, BYTES_DIGITS)}`;

const chunkOfKey = (key: string): OutboxChunk => {
  const [, first, count, bytes] = key.split('/').map(Number);
  return { first: first!, count: count!, bytes: bytes! };
};

/** A chunk of the machine may be several here. */
const rangeOf = ({ first, count }: OutboxChunk): { gte: string; lt: string } => ({
  gte: `chunk/${digits(first, FIRST_DIGITS)}`,
  lt: `chunk/${digits(first + count, FIRST_DIGITS)}`,
});

const checksum = (content: Uint8Array): Buffer =>
  createHash('sha256').update(content).digest().subarray(0, CHECKSUM_BYTES);

/** The entries of a value of this kind and version, else null. */
const listOf = (value: unknown): unknown[] | null => {
  if (!Array.isArray(value)) return null;
  const [kind, version, list] = value as unknown[];
  if (kind !== 'outbox' || version !== 1 || !Array.isArray(list)) return null;
  const sound = list.every((item, i) => (i % 2 === 0 ? typeof item === 'string' : item instanceof Uint8Array));
  return sound ? (list as unknown[]) : null;
};
