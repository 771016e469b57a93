/**
 * A bounded one-way queue of fixed-size letters between two threads, over one SharedArrayBuffer. A letter has a `kind`
 * and three typed parts, whose meaning is the business of those who write (firmware/worker/letters.ts).
 *
 * The letters' contents are plain memory: a slot belongs to exactly one side at a time, and the atomic counters hand it
 * over (the release and acquire of a single-producer single-consumer queue).
 */
const SENT = 0;
const TAKEN = 1;
const HEADER_BYTES = 8;
const CAPACITY_MAX = 1 << 16;

/** Sizes of one letter and how many letters the box holds. */
export interface MailboxShape {
  /** Letters, a power of two. */
  readonly capacity: number;
  readonly doubles: number;
  readonly words: number;
  readonly singles: number;
}

/** A mailbox's shape and memory; crosses a thread boundary as it is. */
export interface Mailbox extends MailboxShape {
  readonly shared: SharedArrayBuffer;
}

/** One letter: views into the shared memory, made once. */
export interface Letter {
  /** `[0]` says what the rest means. */
  readonly kind: Int32Array;
  readonly doubles: Float64Array;
  readonly words: Int32Array;
  readonly singles: Float32Array;
}

/** Bytes of one letter, a multiple of 8 so that every letter's doubles are aligned. */
const letterBytes = (shape: MailboxShape): number =>
  8 + shape.doubles * 8 + Math.ceil((shape.words + shape.singles) / 2) * 8;

/** Reserves the memory of a mailbox. Throws RangeError when the capacity is not a power of two in 2..65536. */
export const createMailbox = (shape: MailboxShape): Mailbox => {
  const { capacity } = shape;
  if (!Number.isInteger(capacity) || capacity < 2 || capacity > CAPACITY_MAX || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`mailbox: capacity ${capacity} is not a power of two in 2..${CAPACITY_MAX}`);
  }
  return { ...shape, shared: new SharedArrayBuffer(HEADER_BYTES + capacity * letterBytes(shape)) };
};

const lettersOf = (box: Mailbox): Letter[] => {
  const { shared, capacity, doubles, words, singles } = box;
  return Array.from({ length: capacity }, (_, slot) => {
    const at = HEADER_BYTES + slot * letterBytes(box);
    return {
      kind: new Int32Array(shared, at, 1),
      doubles: new Float64Array(shared, at + 8, doubles),
      words: new Int32Array(shared, at + 8 + doubles * 8, words),
      singles: new Float32Array(shared, at + 8 + doubles * 8 + words * 4, singles),
    };
  });
};

/** The sending end; exactly one may exist per mailbox. */
export class Outbox {
  readonly #state: Int32Array;
  readonly #letters: readonly Letter[];

  constructor(box: Mailbox) {
    this.#state = new Int32Array(box.shared, 0, 2);
    this.#letters = lettersOf(box);
  }

  /** Letters that can be sent before the box is full. */
  get room(): number {
    return this.#letters.length - ((Atomics.load(this.#state, SENT) - Atomics.load(this.#state, TAKEN)) | 0);
  }

  /** The letter to fill in before `send`; null when the box is full. Its old contents are still in it. */
  next(): Letter | null {
    return this.room > 0 ? this.#letters[Atomics.load(this.#state, SENT) & (this.#letters.length - 1)]! : null;
  }

  /** Hands the letter that `next` gave to the other side. */
  send(): void {
    Atomics.add(this.#state, SENT, 1);
  }
}

/** The receiving end; exactly one may exist per mailbox. A new one carries on where the last one stopped. */
export class Inbox {
  readonly #state: Int32Array;
  readonly #letters: readonly Letter[];

  constructor(box: Mailbox) {
    this.#state = new Int32Array(box.shared, 0, 2);
    this.#letters = lettersOf(box);
  }

  /** The oldest letter, valid until `done`; null when the box is empty. */
  peek(): Letter | null {
    const taken = Atomics.load(this.#state, TAKEN);
    return taken === Atomics.load(this.#state, SENT) ? null : this.#letters[taken & (this.#letters.length - 1)]!;
  }

  /** Gives the letter that `peek` showed back to the sender. */
  done(): void {
    Atomics.add(this.#state, TAKEN, 1);
  }
}
