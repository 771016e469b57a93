import {
  CHUNK_BYTES_MAX,
  CHUNK_ENTRIES_MAX,
  type Chunk,
  chunkOf,
  type OutboxEntry,
  type Waiting,
} from './outbox-parts.ts';

/** What is in memory: `ahead`, to be sent or in flight, and `behind`, on its way to disk or to `ahead`. */
export class OutboxMemory {
  ahead: Waiting[] = [];
  behind: Waiting[] = [];
  inFlight = 0;
  /** Of all payloads here. */
  bytes = 0;
  /** Entries that are nowhere but here, and their bytes. */
  unwritten = 0;
  unwrittenBytes = 0;

  get length(): number {
    return this.ahead.length + this.behind.length;
  }

  /** A new one. @param direct it may be sent before anything else is read or written */
  add(waiting: Waiting, direct: boolean): void {
    (direct ? this.ahead : this.behind).push(waiting);
    this.bytes += waiting.entry.payload.length;
    this.countUnwritten(waiting.entry, 1);
  }

  /** One that was read from its chunk. */
  load(entry: OutboxEntry, sinceMs: number, chunk: Chunk): void {
    this.ahead.push({ entry, sinceMs, sent: false, chunk });
    this.bytes += entry.payload.length;
  }

  /** Nothing older is left on disk: what is behind moves up. */
  moveUp(): void {
    this.ahead = this.ahead.concat(this.behind);
    this.behind = [];
  }

  /** The next to be sent, marked so; null when there is none. */
  send(): OutboxEntry | null {
    const waiting = this.ahead[this.inFlight];
    if (waiting === undefined) return null;
    waiting.sent = true;
    this.inFlight += 1;
    return waiting.entry;
  }

  /** Nothing is in flight any more: what is also on disk leaves the memory, the rest begins `behind`. */
  takeBack(): void {
    const kept: Waiting[] = [];
    for (const waiting of this.ahead) {
      waiting.sent = false;
      if (isUnwritten(waiting)) kept.push(waiting);
      else this.bytes -= waiting.entry.payload.length;
    }
    this.inFlight = 0;
    this.ahead = [];
    this.behind = kept.concat(this.behind);
  }

  /** Since when the oldest waits that is not on disk nor on its way there; null when there is none. */
  get oldestLooseMs(): number | null {
    return (this.ahead.find(isLoose) ?? this.behind.find(isLoose))?.sinceMs ?? null;
  }

  /** The oldest that can be written as one chunk, now on their way; null when there are none. */
  takeChunk(): { readonly chunk: Chunk; readonly entries: readonly Waiting[] } | null {
    const list = this.ahead.some(isLoose) ? this.ahead : this.behind;
    const entries: Waiting[] = [];
    let bytes = 0;
    for (const waiting of list) {
      if (!isLoose(waiting)) continue;
      const { length } = waiting.entry.payload;
      if (!joins(entries, bytes + length, waiting)) break;
      entries.push(waiting);
      bytes += length;
    }
    const first = entries[0]?.entry.position;
    if (first === undefined) return null;
    const chunk = chunkOf({ first, count: entries.length, bytes }, 'writing');
    for (const waiting of entries) waiting.chunk = chunk;
    return { chunk, entries };
  }

  /** These are on disk. @returns whether they have left the memory, as they are not to be sent yet */
  written(entries: readonly Waiting[]): boolean {
    for (const { entry } of entries) this.countUnwritten(entry, -1);
    if (entries.length === 0 || entries[0] !== this.behind[0]) return false;
    this.behind = this.behind.slice(entries.length);
    for (const { entry } of entries) this.bytes -= entry.payload.length;
    return true;
  }

  /** Takes out one that was sent. */
  settle(position: number): Waiting | null {
    const at = this.ahead.findIndex(({ entry }) => entry.position === position);
    return at < 0 ? null : this.leave(this.ahead, at);
  }

  /** Takes out the oldest that is neither in flight nor on disk nor on its way there. */
  dropOldest(from: 'ahead' | 'behind'): boolean {
    const at = this[from].findIndex((waiting) => !waiting.sent && isLoose(waiting));
    if (at >= 0) this.leave(this[from], at);
    return at >= 0;
  }

  private leave(list: Waiting[], at: number): Waiting {
    const [waiting] = list.splice(at, 1) as [Waiting];
    if (waiting.sent) this.inFlight -= 1;
    this.bytes -= waiting.entry.payload.length;
    if (isUnwritten(waiting)) this.countUnwritten(waiting.entry, -1);
    return waiting;
  }

  private countUnwritten({ payload }: OutboxEntry, sign: 1 | -1): void {
    this.unwritten += sign;
    this.unwrittenBytes += sign * payload.length;
  }
}

const isLoose = ({ chunk }: Waiting): boolean => chunk === null;
const isUnwritten = ({ chunk }: Waiting): boolean => chunk === null || chunk.state === 'writing';

const joins = (entries: readonly Waiting[], bytes: number, next: Waiting): boolean => {
  const last = entries.at(-1);
  if (last === undefined) return true;
  // In flight, a later entry may be settled before an earlier one: a chunk has no gaps.
  const follows = next.entry.position === last.entry.position + 1;
  return follows && bytes <= CHUNK_BYTES_MAX && entries.length < CHUNK_ENTRIES_MAX;
};
