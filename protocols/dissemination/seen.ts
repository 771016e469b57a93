/** Publications of one origin and topic that are remembered besides the newest. */
const WINDOW = 64;

/**
 * Which publications have been delivered, by topic and origin: the newest number, and which of the 64 before it. What
 * is older counts as delivered. Bounded: the topic and origin heard longest ago make room.
 */
export class Seen {
  private readonly streams = new Map<string, { newest: number; numbers: Set<number> }>();

  /** @param streamsMax topics × origins, >= 1 */
  constructor(private readonly streamsMax: number) {}

  /** True for the first time that a publication is asked about, and never again. */
  isNew(topic: string, origin: string, sequence: number): boolean {
    const key = `${topic}\n${origin}`;
    const stream = this.streams.get(key) ?? { newest: -1, numbers: new Set() };
    this.streams.delete(key);
    this.streams.set(key, stream);
    if (this.streams.size > this.streamsMax) {
      for (const oldest of this.streams.keys()) {
        this.streams.delete(oldest);
        break;
      }
    }
    if (sequence <= stream.newest - WINDOW || stream.numbers.has(sequence)) return false;
    stream.numbers.add(sequence);
    stream.newest = Math.max(stream.newest, sequence);
    for (const number of stream.numbers) if (number <= stream.newest - WINDOW) stream.numbers.delete(number);
    return true;
  }
}
