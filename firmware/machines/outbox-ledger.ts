import { CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX, type Chunk, chunkOf, type OutboxChunk } from './outbox-parts.ts';

/** What lies on disk, which of it is in memory, and what may go. Chunks in ascending order of their first position. */
export class OutboxLedger {
  private readonly chunks: Chunk[];
  private reading: Chunk[] = [];
  private removed: OutboxChunk[] = [];
  /** Over the chunks that are not in memory: entries that are not done, and their bytes (a share of the chunk's). */
  unreadEntries = 0;
  unreadBytes = 0;

  constructor(stored: readonly OutboxChunk[]) {
    this.chunks = [];
    for (const chunk of [...stored].sort((a, b) => a.first - b.first)) this.insert(chunkOf(chunk, 'unread'));
  }

  /** The position after the last one on disk. */
  get end(): number {
    const last = this.chunks.at(-1);
    return last === undefined ? 0 : last.first + last.count;
  }

  /** A chunk has reached the disk, its entries in memory (`read`) or no more (`unread`). */
  written(chunk: Chunk, state: 'read' | 'unread'): void {
    chunk.state = state;
    if (chunk.done.size === chunk.count) {
      this.drop(chunk);
      return;
    }
    this.insert(chunk);
  }

  /** An entry of a chunk is delivered or dropped. */
  settle(chunk: Chunk, position: number): void {
    chunk.done.add(position);
    if (chunk.state === 'read' && chunk.done.size === chunk.count) {
      this.chunks.splice(this.chunks.indexOf(chunk), 1);
      this.drop(chunk);
    }
  }

  /** Takes the oldest unread chunks, about so many entries and at least one chunk; none while others are being read. */
  beginReading(entries: number): readonly OutboxChunk[] {
    if (this.reading.length > 0) return [];
    let count = 0;
    for (const chunk of this.chunks) {
      if (chunk.state !== 'unread') continue;
      if (this.reading.length > 0 && count + chunk.count > entries) break;
      chunk.state = 'reading';
      this.reading.push(chunk);
      count += chunk.count;
    }
    return [...this.reading];
  }

  takeReading(): readonly Chunk[] {
    const { reading } = this;
    this.reading = [];
    return reading;
  }

  /** Nothing came of it. */
  stopReading(): void {
    for (const chunk of this.takeReading()) if (chunk.state === 'reading') chunk.state = 'unread';
  }

  markRead(chunk: Chunk): void {
    this.countUnread(chunk, -1);
    chunk.state = 'read';
  }

  /** Nothing of what was read or is being read counts as in memory any more. */
  forgetRead(): void {
    for (const chunk of this.chunks) {
      if (chunk.state === 'read') this.countUnread(chunk, 1);
      chunk.state = 'unread';
    }
  }

  oldestUnread(): Chunk | null {
    return this.chunks.find(({ state }) => state === 'unread' || state === 'reading') ?? null;
  }

  /** Gives up an unread chunk. @returns how many of its entries were not done */
  remove(chunk: Chunk): number {
    this.countUnread(chunk, -1);
    this.chunks.splice(this.chunks.indexOf(chunk), 1);
    this.drop(chunk);
    return chunk.count - chunk.done.size;
  }

  /** Chunks that may be deleted from the disk. */
  takeRemoved(): readonly OutboxChunk[] {
    const { removed } = this;
    if (removed.length > 0) this.removed = [];
    return removed;
  }

  /** A second of a slow sensor is one entry: neighbours become one chunk here, though they stay several on disk. */
  private insert(chunk: Chunk): void {
    if (chunk.state === 'unread') this.countUnread(chunk, 1);
    const last = this.chunks.at(-1);
    if (last !== undefined && last.first > chunk.first) {
      const at = this.chunks.findIndex(({ first }) => first > chunk.first);
      this.chunks.splice(at, 0, chunk);
    } else if (last === undefined || !joins(last, chunk)) this.chunks.push(chunk);
    else {
      last.count += chunk.count;
      last.bytes += chunk.bytes;
    }
  }

  private drop(chunk: Chunk): void {
    chunk.state = 'gone';
    this.removed.push(chunk);
  }

  private countUnread(chunk: Chunk, sign: 1 | -1): void {
    const left = chunk.count - chunk.done.size;
    this.unreadEntries += sign * left;
    this.unreadBytes += sign * Math.round((chunk.bytes * left) / chunk.count);
  }
}

const joins = (last: Chunk, next: Chunk): boolean =>
  last.state === 'unread' &&
  next.state === 'unread' &&
  last.first + last.count === next.first &&
  last.done.size + next.done.size === 0 &&
  last.count + next.count <= CHUNK_ENTRIES_MAX &&
  last.bytes + next.bytes <= CHUNK_BYTES_MAX;
