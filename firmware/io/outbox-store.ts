import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createCodec } from '../../protocols/codec.ts';
import type { OutboxChunk, OutboxEntry } from '../machines/outbox-parts.ts';
import { readRecord, writeRecord } from './outbox-record.ts';
import { openDatabase } from './store/open.ts';
import type { Database } from './store/write-queue.ts';

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
 * value; its key says all that has to be known of it before it is read.
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

  return {
    chunks,
    write: async (chunk, entries) => {
      const now = performance.now();
      const sync = now - syncedMs >= SYNC_MS;
      const opened = await database();
      try {
        await opened.put(keyOf(chunk), writeRecord(codec, entries), { sync });
      } catch (error) {
        // LevelDB refuses every write after one that failed, until it is opened again.
        opening = null;
        await opened.close();
        throw error;
      }
      if (sync) syncedMs = now;
    },
    read: async (wanted) => {
      const entries: OutboxEntry[] = [];
      for (const chunk of wanted) {
        for await (const [key, value] of (await database()).iterator(rangeOf(chunk))) {
          entries.push(...readRecord(codec, chunkOfKey(key), value));
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
