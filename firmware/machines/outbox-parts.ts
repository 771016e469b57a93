/** A message on its way, with its place in the order of all that ever were. */
export interface OutboxEntry {
  readonly position: number;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Entries in a row on disk: written together, or several such neighbours. */
export interface OutboxChunk {
  /** Position of the first one; the others follow without a gap. */
  readonly first: number;
  readonly count: number;
  /** Of the payloads. */
  readonly bytes: number;
}

export type OutboxEffect =
  /** To be answered with `delivered`, `refused` or, for all at once, `disconnected`. */
  | { readonly kind: 'send'; readonly entry: OutboxEntry }
  /** To be answered with `written`. One at a time. */
  | { readonly kind: 'write'; readonly chunk: OutboxChunk; readonly entries: readonly OutboxEntry[] }
  /** To be answered with `read`. One at a time. */
  | { readonly kind: 'read'; readonly chunks: readonly OutboxChunk[] }
  | { readonly kind: 'remove'; readonly chunks: readonly OutboxChunk[] }
  /** So many were given up for good, and why. */
  | { readonly kind: 'dropped'; readonly count: number; readonly why: 'bound' | 'refused' | 'damaged' };

export interface OutboxBounds {
  /** Of everything that waits, on disk and in memory. */
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/**
 * What a crash may lose. What nobody has acknowledged goes to disk a second after it came, but fewer than 16 entries
 * wait for others up to ten seconds: written one by one, a decision a second would cost an SD card 57 MB a day, not 19.
 */
export const WRITE_AFTER_MS = 1_000;
export const WRITE_ENTRIES_MIN = 16;
export const WRITE_AFTER_MS_MAX = 10_000;
/** One write, and so the grain in which the oldest are dropped from the disk. */
export const CHUNK_ENTRIES_MAX = 256;
export const CHUNK_BYTES_MAX = 128 * 1024;
/** What waits in memory to be sent at once; beyond it the order is kept on disk. */
export const AHEAD_MAX = 1_024;
/** When fewer than this wait in memory, more are read; read one tick at a time, that is also the pace of a return. */
export const AHEAD_LOW = 256;
export const READ_ENTRIES = 128;
/** What cannot be written stays in memory up to this: a full disk must not become a full memory. */
export const UNWRITTEN_BYTES_MAX = 2 * 1024 * 1024;

/** An entry in memory. */
export interface Waiting {
  readonly entry: OutboxEntry;
  readonly sinceMs: number;
  sent: boolean;
  /** The chunk that it is in or being written to, null while it is nowhere but here. */
  chunk: Chunk | null;
}

/** A chunk, or neighbours taken as one, and what has become of it. */
export interface Chunk {
  readonly first: number;
  count: number;
  bytes: number;
  /** `unread` chunks have no entry in memory; those of the others all are, unless they are done. */
  state: 'writing' | 'unread' | 'reading' | 'read' | 'gone';
  /** Positions that are delivered or dropped. */
  readonly done: Set<number>;
}

export const chunkOf = ({ first, count, bytes }: OutboxChunk, state: Chunk['state']): Chunk => ({
  ...{ first, count, bytes, state },
  done: new Set(),
});
