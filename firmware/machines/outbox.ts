import { OutboxLedger } from './outbox-ledger.ts';
import {
  AHEAD_LOW,
  AHEAD_MAX,
  CHUNK_BYTES_MAX,
  CHUNK_ENTRIES_MAX,
  type Chunk,
  chunkOf,
  type OutboxBounds,
  type OutboxChunk,
  type OutboxEffect,
  type OutboxEntry,
  READ_ENTRIES,
  UNWRITTEN_BYTES_MAX,
  type Waiting,
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
  private effects: OutboxEffect[] = [];
  private ahead: Waiting[] = [];
  private behind: Waiting[] = [];
  private inFlight = 0;
  /** How many may be in flight; 0 while there is no connection. */
  private window = 0;
  private next: number;
  private writing: { chunk: Chunk; entries: Waiting[] } | null = null;

  /** @param stored what an earlier run left on disk, in any order */
  constructor(bounds: OutboxBounds, stored: readonly OutboxChunk[]) {
    this.bounds = bounds;
    this.ledger = new OutboxLedger(stored);
    this.next = this.ledger.end;
  }

  /** Everything that waits, on disk and in memory, in flight or not. */
  get entries(): number {
    return this.ahead.length + this.behind.length + this.ledger.unreadEntries;
  }

  /** Of the payloads of `entries`. */
  get bytes(): number {
    return this.memoryBytes + this.ledger.unreadBytes;
  }

  /** Entries that only this process knows. */
  get unwritten(): number {
    return this.unwrittenCount;
  }

  private memoryBytes = 0;
  private unwrittenCount = 0;
  private unwrittenBytes = 0;

  /** A new message. @param nowMs monotonic */
  add(topic: string, payload: Uint8Array, nowMs: number): OutboxEffect[] {
    const waiting: Waiting = {
      entry: { position: this.next++, topic, payload },
      sinceMs: nowMs,
      sent: false,
      chunk: null,
    };
    this.memoryBytes += payload.length;
    this.unwrittenCount += 1;
    this.unwrittenBytes += payload.length;
    const direct = this.window > 0 && this.behind.length === 0 && this.ledger.unreadEntries === 0;
    (direct && this.ahead.length < AHEAD_MAX ? this.ahead : this.behind).push(waiting);
    this.keepBounds();
    if (this.behind.length > 0 && this.unwrittenBytes >= CHUNK_BYTES_MAX) this.write();
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
    this.inFlight = 0;
    const kept: Waiting[] = [];
    for (const waiting of this.ahead) {
      waiting.sent = false;
      const { chunk } = waiting;
      if (chunk === null || chunk.state === 'writing') kept.push(waiting);
      else this.memoryBytes -= waiting.entry.payload.length;
    }
    this.ledger.forgetRead();
    this.ahead = [];
    this.behind = kept.concat(this.behind);
    return this.proceed();
  }

  /** The broker has acknowledged an entry. */
  delivered(position: number): OutboxEffect[] {
    this.settle(position);
    return this.proceed();
  }

  /** The broker does not want an entry and never will. */
  refused(position: number): OutboxEffect[] {
    if (this.settle(position)) this.effects.push({ kind: 'dropped', count: 1, why: 'refused' });
    return this.proceed();
  }

  /** The result of a `write`. What could not be written is tried again at the next tick. */
  written(ok: boolean): OutboxEffect[] {
    const { chunk, entries } = this.writing!;
    this.writing = null;
    const here = entries.filter(({ entry }) => !chunk.done.has(entry.position));
    if (ok) {
      for (const { entry } of here) this.countUnwritten(entry, -1);
      const parked = here.length > 0 && here[0] === this.behind[0];
      if (parked) {
        this.behind = this.behind.slice(here.length);
        for (const { entry } of here) this.memoryBytes -= entry.payload.length;
      }
      this.ledger.written(chunk, parked ? 'unread' : 'read');
    } else {
      for (const waiting of here) waiting.chunk = null;
      chunk.state = 'gone';
    }
    return this.proceed();
  }

  /**
   * The result of a `read`. @param found what could be read, in order; what is missing is damaged. Null when the disk
   * gave no answer: then it is asked again @param nowMs monotonic
   */
  read(found: readonly OutboxEntry[] | null, nowMs: number): OutboxEffect[] {
    if (found === null) {
      this.ledger.stopReading();
      return this.proceed();
    }
    const entries = new Map(found.map((entry) => [entry.position, entry]));
    for (const chunk of this.ledger.takeReading()) {
      // Given up at the bound, or the connection was lost: read again when its turn comes.
      if (chunk.state !== 'reading') continue;
      this.ledger.markRead(chunk);
      let damaged = 0;
      for (let position = chunk.first; position < chunk.first + chunk.count; position++) {
        if (chunk.done.has(position)) continue;
        const entry = entries.get(position);
        if (entry === undefined) {
          this.ledger.settle(chunk, position);
          damaged += 1;
          continue;
        }
        this.ahead.push({ entry, sinceMs: nowMs, sent: false, chunk });
        this.memoryBytes += entry.payload.length;
      }
      this.giveUp(damaged, 'damaged');
    }
    return this.proceed();
  }

  /** What is due: writes, and the next part of a backlog. Call about every 100 ms. @param nowMs monotonic */
  tick(nowMs: number): OutboxEffect[] {
    const oldest = this.ahead.find(({ chunk }) => chunk === null) ?? this.behind.find(({ chunk }) => chunk === null);
    const patienceMs = this.unwrittenCount < WRITE_ENTRIES_MIN ? WRITE_AFTER_MS_MAX : WRITE_AFTER_MS;
    if (oldest !== undefined && nowMs - oldest.sinceMs >= patienceMs) this.write();
    if (this.window > 0 && this.ahead.length < AHEAD_LOW) {
      const chunks = this.ledger.beginReading(READ_ENTRIES);
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
    if (this.window > 0) {
      if (this.behind.length > 0 && this.ledger.unreadEntries === 0 && this.ahead.length < AHEAD_LOW) {
        this.ahead = this.ahead.concat(this.behind);
        this.behind = [];
      }
      for (let i = this.inFlight; i < this.ahead.length && this.inFlight < this.window; i++) {
        const waiting = this.ahead[i]!;
        waiting.sent = true;
        this.inFlight += 1;
        this.effects.push({ kind: 'send', entry: waiting.entry });
      }
    }
    const removed = this.ledger.takeRemoved();
    if (removed.length > 0) this.effects.push({ kind: 'remove', chunks: removed });
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  /** One chunk at a time; the rest follows when it is written, or at the next tick. */
  private write(): void {
    if (this.writing !== null) return;
    const list = this.ahead.some(({ chunk }) => chunk === null) ? this.ahead : this.behind;
    const entries: Waiting[] = [];
    let bytes = 0;
    for (const waiting of list) {
      if (waiting.chunk !== null) continue;
      const { length } = waiting.entry.payload;
      if (entries.length > 0 && !this.fits(entries, bytes + length, waiting)) break;
      entries.push(waiting);
      bytes += length;
    }
    const first = entries[0]?.entry.position;
    if (first === undefined) return;
    const chunk = chunkOf({ first, count: entries.length, bytes }, 'writing');
    for (const waiting of entries) waiting.chunk = chunk;
    this.writing = { chunk, entries };
    this.effects.push({ kind: 'write', chunk, entries: entries.map(({ entry }) => entry) });
  }

  private fits(entries: readonly Waiting[], bytes: number, next: Waiting): boolean {
    const last = entries.at(-1)!;
    // In flight, a later entry may be settled before an earlier one: a chunk has no gaps.
    const follows = next.entry.position === last.entry.position + 1;
    return follows && bytes <= CHUNK_BYTES_MAX && entries.length < CHUNK_ENTRIES_MAX;
  }

  /** An entry is done with, one way or the other. @returns false when it was so before */
  private settle(position: number): boolean {
    const at = this.ahead.findIndex(({ entry }) => entry.position === position);
    if (at < 0) return false;
    this.leave(this.ahead, at);
    return true;
  }

  private leave(list: Waiting[], at: number): void {
    const [{ entry, chunk, sent }] = list.splice(at, 1) as [Waiting];
    if (sent) this.inFlight -= 1;
    this.memoryBytes -= entry.payload.length;
    if (chunk === null || chunk.state === 'writing') this.countUnwritten(entry, -1);
    if (chunk !== null) this.ledger.settle(chunk, entry.position);
  }

  private countUnwritten({ payload }: OutboxEntry, sign: 1 | -1): void {
    this.unwrittenCount += sign;
    this.unwrittenBytes += sign * payload.length;
  }

  private keepBounds(): void {
    const { entriesMax, bytesMax } = this.bounds;
    while (this.entries > entriesMax || this.bytes > bytesMax) {
      const chunk = this.ledger.oldestUnread();
      if (chunk !== null) this.giveUp(this.ledger.remove(chunk), 'bound');
      else if (!this.dropOldestIn(this.behind) && !this.dropOldestIn(this.ahead)) return;
    }
    while (this.unwrittenBytes > UNWRITTEN_BYTES_MAX) if (!this.dropOldestIn(this.behind)) return;
  }

  /**
   * Of what is in flight, or in `ahead` and on disk, nobody could say afterwards that it was dropped: the broker may
   * have it, or a crash may bring it back behind what is newer. There are at most AHEAD_MAX of these; they are let be.
   */
  private dropOldestIn(list: Waiting[]): boolean {
    const at = list.findIndex(({ sent, chunk }) => !sent && chunk === null);
    if (at < 0) return false;
    this.leave(list, at);
    this.giveUp(1, 'bound');
    return true;
  }

  private giveUp(count: number, why: 'bound' | 'damaged'): void {
    if (count > 0) this.effects.push({ kind: 'dropped', count, why });
  }
}
