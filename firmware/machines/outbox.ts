import { OutboxLedger } from './outbox-ledger.ts';
import { OutboxMemory } from './outbox-memory.ts';
import {
  AHEAD_LOW,
  AHEAD_MAX,
  CHUNK_BYTES_MAX,
  type OutboxBounds,
  type OutboxChunk,
  type OutboxEffect,
  type OutboxEntry,
  READ_ENTRIES,
  UNWRITTEN_BYTES_MAX,
  WRITE_AFTER_MS,
  WRITE_AFTER_MS_MAX,
  WRITE_ENTRIES_MIN,
} from './outbox-parts.ts';

/**
 * What waits for the broker, without I/O: everything handed in is sent in order and kept until the broker has
 * acknowledged it. While the broker keeps up nothing is written; what it has not acknowledged within a second goes to
 * disk in chunks. At the bound the oldest go first, and are counted.
 *
 * Three parts, each older than the next: `ahead` in memory, to be sent or in flight; chunks on disk that are not read
 * yet; `behind` in memory, on its way to disk or to `ahead`. An entry leaves its chunk when it is settled, and a chunk
 * leaves the disk with its last entry: a crash repeats entries (their sender, epoch and sequence are the same), it does
 * not lose or reorder them.
 */
export class Outbox {
  private readonly bounds: OutboxBounds;
  private readonly ledger: OutboxLedger;
  private readonly memory = new OutboxMemory();
  private effects: OutboxEffect[] = [];
  /** How many may be in flight; 0 while there is no connection. */
  private window = 0;
  private next: number;
  private writing: ReturnType<OutboxMemory['takeChunk']> = null;

  /** @param stored what an earlier run left on disk, in any order */
  constructor(bounds: OutboxBounds, stored: readonly OutboxChunk[]) {
    this.bounds = bounds;
    this.ledger = new OutboxLedger(stored);
    this.next = this.ledger.end;
  }

  /** Everything that waits, on disk and in memory, in flight or not. */
  get entries(): number {
    return this.memory.length + this.ledger.unreadEntries;
  }

  /** Of the payloads of `entries`. */
  get bytes(): number {
    return this.memory.bytes + this.ledger.unreadBytes;
  }

  /** Entries that only this process knows. */
  get unwritten(): number {
    return this.memory.unwritten;
  }

  /** A new message. @param nowMs monotonic */
  add(topic: string, payload: Uint8Array, nowMs: number): OutboxEffect[] {
    const { memory, ledger } = this;
    const first = this.window > 0 && memory.behind.length === 0 && ledger.unreadEntries === 0;
    const entry = { position: this.next++, topic, payload };
    memory.add({ entry, sinceMs: nowMs, sent: false, chunk: null }, first && memory.ahead.length < AHEAD_MAX);
    this.keepBounds();
    if (memory.behind.length > 0 && memory.unwrittenBytes >= CHUNK_BYTES_MAX) this.write();
    return this.proceed();
  }

  /** A connection stands. @param window unacknowledged messages that it takes, at least 1 */
  connected(window: number): OutboxEffect[] {
    this.window = window;
    return this.proceed();
  }

  /** The connection is gone: what was in flight is ours again, first in the order. */
  disconnected(): OutboxEffect[] {
    this.window = 0;
    this.memory.takeBack();
    this.ledger.forgetRead();
    return this.proceed();
  }

  /** The broker has acknowledged an entry. */
  delivered(position: number): OutboxEffect[] {
    this.settle(position);
    return this.proceed();
  }

  /** The broker does not want an entry and never will. */
  refused(position: number): OutboxEffect[] {
    if (this.settle(position)) this.giveUp(1, 'refused');
    return this.proceed();
  }

  /** The result of a `write`. What could not be written is tried again at the next tick. */
  written(ok: boolean): OutboxEffect[] {
    const { chunk, entries } = this.writing!;
    this.writing = null;
    const here = entries.filter(({ entry }) => !chunk.done.has(entry.position));
    if (ok) this.ledger.written(chunk, this.memory.written(here) ? 'unread' : 'read');
    else for (const waiting of here) waiting.chunk = null;
    return this.proceed();
  }

  /**
   * The result of a `read`.
   *
   * @param found what could be read, in order; what is missing is damaged. Null when the disk gave no answer: then it
   * is asked again
   * @param nowMs monotonic
   */
  read(found: readonly OutboxEntry[] | null, nowMs: number): OutboxEffect[] {
    if (found === null) this.ledger.stopReading();
    const entries = new Map(found?.map((entry) => [entry.position, entry]));
    for (const chunk of this.ledger.takeReading()) {
      // Given up at the bound, or the connection was lost: read again when its turn comes.
      if (chunk.state !== 'reading') continue;
      this.ledger.markRead(chunk);
      let damaged = 0;
      for (let position = chunk.first; position < chunk.first + chunk.count; position++) {
        if (chunk.done.has(position)) continue;
        const entry = entries.get(position);
        if (entry !== undefined) this.memory.load(entry, nowMs, chunk);
        else {
          this.ledger.settle(chunk, position);
          damaged += 1;
        }
      }
      this.giveUp(damaged, 'damaged');
    }
    return this.proceed();
  }

  /** What is due: writes, and the next part of a backlog. Call about every 100 ms. @param nowMs monotonic */
  tick(nowMs: number): OutboxEffect[] {
    const { memory, ledger } = this;
    const patienceMs = memory.unwritten < WRITE_ENTRIES_MIN ? WRITE_AFTER_MS_MAX : WRITE_AFTER_MS;
    const sinceMs = memory.oldestLooseMs;
    if (sinceMs !== null && nowMs - sinceMs >= patienceMs) this.write();
    if (this.window > 0 && memory.ahead.length < AHEAD_LOW) {
      const chunks = ledger.beginReading(READ_ENTRIES);
      if (chunks.length > 0) this.effects.push({ kind: 'read', chunks });
    }
    return this.proceed();
  }

  /** The end is near: writes what is not on disk yet, at once. */
  flush(): OutboxEffect[] {
    this.write();
    return this.proceed();
  }

  /** Sends what may be sent and hands out the effects. */
  private proceed(): OutboxEffect[] {
    const { memory, ledger } = this;
    const room = this.window > 0 && memory.ahead.length < AHEAD_LOW;
    if (room && memory.behind.length > 0 && ledger.unreadEntries === 0) memory.moveUp();
    while (memory.inFlight < this.window) {
      const entry = memory.send();
      if (entry === null) break;
      this.effects.push({ kind: 'send', entry });
    }
    const removed = ledger.takeRemoved();
    if (removed.length > 0) this.effects.push({ kind: 'remove', chunks: removed });
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  /** One chunk at a time; the rest follows when it is written, or at the next tick. */
  private write(): void {
    if (this.writing !== null) return;
    this.writing = this.memory.takeChunk();
    if (this.writing === null) return;
    const { chunk, entries } = this.writing;
    this.effects.push({ kind: 'write', chunk, entries: entries.map(({ entry }) => entry) });
  }

  /** An entry is done with, one way or the other. @returns false when it was so before */
  private settle(position: number): boolean {
    const waiting = this.memory.settle(position);
    if (waiting?.chunk) this.ledger.settle(waiting.chunk, position);
    return waiting !== null;
  }

  /**
   * Drops whole chunks from the disk, and single entries that are nowhere but in memory. Of what is in flight, or in
   * `ahead` and on disk, nobody could say afterwards that it was dropped: the broker may have it, or a crash may bring
   * it back behind what is newer. There are at most AHEAD_MAX of these; they are let be.
   */
  private keepBounds(): void {
    const { memory, ledger } = this;
    const { entriesMax, bytesMax } = this.bounds;
    while (this.entries > entriesMax || this.bytes > bytesMax) {
      const chunk = ledger.oldestUnread();
      if (chunk !== null) this.giveUp(ledger.remove(chunk), 'bound');
      else if (memory.dropOldest('behind') || memory.dropOldest('ahead')) this.giveUp(1, 'bound');
      else return;
    }
    while (memory.unwrittenBytes > UNWRITTEN_BYTES_MAX && memory.dropOldest('behind')) this.giveUp(1, 'bound');
  }

  private giveUp(count: number, why: 'bound' | 'refused' | 'damaged'): void {
    if (count > 0) this.effects.push({ kind: 'dropped', count, why });
  }
}
