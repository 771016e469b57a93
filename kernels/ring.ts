/**
 * The fixed memory between a sensor and the compute worker: rows of samples over one SharedArrayBuffer, one producer,
 * one consumer. The producer never waits: when the ring is full it gives up the oldest unread window, whole, so that
 * the windows after it keep their places in the stream, and the consumer learns how many rows it lost.
 *
 * Every shared word is accessed through Atomics. The usual seqlock (plain copy, then check) is sound on x86 only: ARM
 * may move the plain loads behind the check. Data-race-free programs are sequentially consistent (ECMA-262 §29.10), so
 * with Atomics the argument in `read` holds on every CPU, for about 20 cycles per word.
 */
const WRITTEN = 0;
const OLDEST = 1;
const READ = 2;
const HEADER_WORDS = 4;
const ROW_HEADER_WORDS = 6;
const ROWS_MAX = 1 << 24;

/** Shape of a ring; the same object is given to both ends, so that it can cross a thread boundary as it is. */
export interface Ring {
  readonly shared: SharedArrayBuffer;
  /** Rows it can hold, a power of two so that 32-bit row counters may wrap. */
  readonly capacity: number;
  readonly channels: number;
  /** Rows given up together when the ring is full. */
  readonly windowRows: number;
}

/**
 * Reserves the memory of a ring for at least `rows` rows of `channels` float32 values (rounded up to a power of two).
 * Throws RangeError when a size is out of range or fewer than two windows would fit.
 */
export const createRing = (options: { rows: number; channels: number; windowRows: number }): Ring => {
  const { rows, channels, windowRows } = options;
  for (const [name, value] of Object.entries({ rows, channels, windowRows })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`ring: ${name} must be a whole number above 0`);
  }
  if (rows > ROWS_MAX) throw new RangeError(`ring: rows must be at most ${ROWS_MAX}`);
  const capacity = capacityFor(rows);
  if (capacity < 2 * windowRows) throw new RangeError(`ring: ${rows} rows do not hold two windows of ${windowRows}`);
  return { shared: new SharedArrayBuffer(ringBytes(rows, channels)), capacity, channels, windowRows };
};

/** Memory of a ring for at least `rows` rows. */
export const ringBytes = (rows: number, channels: number): number =>
  4 * (HEADER_WORDS + capacityFor(rows) * (ROW_HEADER_WORDS + channels));

const capacityFor = (rows: number): number => 1 << Math.max(1, 32 - Math.clz32(rows - 1));

/** Converts numbers to the 32-bit words that Atomics can move, without allocating. */
const createBitCast = () => {
  const words = new Int32Array(2);
  return { words, double: new Float64Array(words.buffer), single: new Float32Array(words.buffer) };
};

/** The producing end; exactly one may exist per ring. */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #ring: Ring;
  readonly #cast = createBitCast();
  /** Rows pushed and the oldest row still offered, as full counts; the shared words hold their low 32 bits. */
  #written: number;
  #oldest: number;
  #droppedRows = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
    this.#words = new Int32Array(ring.shared);
    this.#written = Atomics.load(this.#words, WRITTEN) >>> 0;
    this.#oldest = Atomics.load(this.#words, OLDEST) >>> 0;
  }

  /** Rows given up because the consumer was too slow; some may have been read at that very moment after all. */
  get droppedRows(): number {
    return this.#droppedRows;
  }

  /** Rows pushed so far. */
  get writtenRows(): number {
    return this.#written;
  }

  /** Rows pushed and neither read nor given up. */
  get waitingRows(): number {
    return this.#written - this.#firstUnread();
  }

  /**
   * Appends one row: `channels` values from `offset`, the sample's own time `tMs`, the stream's `segment`, the class
   * `truth` (-1 when unknown) and `pushMs`, the producer's clock now. Never waits, never fails.
   */
  push(values: Float32Array, offset: number, tMs: number, segment: number, truth: number, pushMs: number): void {
    const first = this.#firstUnread();
    if (this.#written - first >= this.#ring.capacity) this.#giveUpOldestWindow(first);
    const words = this.#words;
    const cast = this.#cast;
    const { channels, capacity } = this.#ring;
    let at = HEADER_WORDS + (this.#written & (capacity - 1)) * (ROW_HEADER_WORDS + channels);
    cast.double[0] = pushMs;
    Atomics.store(words, at++, cast.words[0]!);
    Atomics.store(words, at++, cast.words[1]!);
    cast.double[0] = tMs;
    Atomics.store(words, at++, cast.words[0]!);
    Atomics.store(words, at++, cast.words[1]!);
    Atomics.store(words, at++, segment);
    Atomics.store(words, at++, truth);
    for (let channel = 0; channel < channels; channel++) {
      cast.single[0] = values[offset + channel]!;
      Atomics.store(words, at++, cast.words[0]!);
    }
    this.#written++;
    Atomics.store(words, WRITTEN, this.#written | 0);
  }

  #firstUnread(): number {
    const read = this.#written - ((this.#written - Atomics.load(this.#words, READ)) >>> 0);
    return Math.max(read, this.#oldest);
  }

  /**
   * @param first the oldest unread row when the ring was found full. Asking again here could find the consumer far
   * ahead, and then give up rows that are not even written.
   */
  #giveUpOldestWindow(first: number): void {
    const { windowRows } = this.#ring;
    this.#oldest = (Math.floor(first / windowRows) + 1) * windowRows;
    this.#droppedRows += this.#oldest - first;
    Atomics.store(this.#words, OLDEST, this.#oldest | 0);
  }
}

/** The consuming end; exactly one may exist per ring. A new one carries on where the last one stopped. */
export class RingReader {
  /** The row of the last successful `read`: its values, and the fields that were pushed with it. */
  readonly values: Float32Array;
  tMs = 0;
  segment = 0;
  truth = -1;
  pushMs = 0;
  /** Rows lost between the row before and this one. */
  skippedRows = 0;
  readonly #words: Int32Array;
  readonly #ring: Ring;
  readonly #cast = createBitCast();
  #position: number;
  #lost = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
    this.#words = new Int32Array(ring.shared);
    this.values = new Float32Array(ring.channels);
    this.#position = Atomics.load(this.#words, READ);
  }

  /** Rows that have been written and not read, those that were given up since included. */
  get waiting(): number {
    return (Atomics.load(this.#words, WRITTEN) - this.#position) | 0;
  }

  /** Takes the next row into the fields above; false when none waits. Allocates nothing. */
  read(): boolean {
    const words = this.#words;
    this.#passGivenUp();
    while (this.#position !== Atomics.load(words, WRITTEN)) {
      this.#copy();
      // The producer announces that it gives rows up before it overwrites them. If a word copied above was new, that
      // announcement is older still, and is seen here: a torn row is never used.
      if (this.#passGivenUp()) continue;
      this.#position = (this.#position + 1) | 0;
      Atomics.store(words, READ, this.#position);
      this.skippedRows = this.#lost;
      this.#lost = 0;
      return true;
    }
    return false;
  }

  /** Moves past rows the producer has given up; true when there were some. */
  #passGivenUp(): boolean {
    const behind = (Atomics.load(this.#words, OLDEST) - this.#position) | 0;
    if (behind <= 0) return false;
    this.#lost += behind;
    this.#position = (this.#position + behind) | 0;
    return true;
  }

  #copy(): void {
    const words = this.#words;
    const cast = this.#cast;
    const { channels, capacity } = this.#ring;
    let at = HEADER_WORDS + (this.#position & (capacity - 1)) * (ROW_HEADER_WORDS + channels);
    cast.words[0] = Atomics.load(words, at++);
    cast.words[1] = Atomics.load(words, at++);
    this.pushMs = cast.double[0]!;
    cast.words[0] = Atomics.load(words, at++);
    cast.words[1] = Atomics.load(words, at++);
    this.tMs = cast.double[0]!;
    this.segment = Atomics.load(words, at++);
    this.truth = Atomics.load(words, at++);
    for (let channel = 0; channel < channels; channel++) {
      cast.words[0] = Atomics.load(words, at++);
      this.values[channel] = cast.single[0]!;
    }
  }
}
