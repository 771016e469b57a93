/**
 * Reads plain CBOR (RFC 8949) item by item where the form is known beforehand, as in COSE, whose maps have integers as
 * keys: `scanCbor` and the codec accept none. Nothing is copied: byte strings are views. Every method leaves `at`
 * behind what it read, or says by false or null that something else, or nothing, stands there.
 */
export class CborCursor {
  at = 0;
  /** Of the head read last: the type of its item, and its argument (RFC 8949 §3). */
  major = 0;
  argument = 0;
  /** False as soon as one head was longer than it had to be (RFC 8949 §4.2.1). */
  isShortest = true;
  /** Why the last head could not be read. `encoding`: of indefinite length, reserved, or beyond 2^53 - 1. */
  fault: 'truncated' | 'encoding' | null = null;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  head(): boolean {
    const first = this.bytes[this.at];
    if (first === undefined) return this.fails('truncated');
    this.at += 1;
    this.major = first >> 5;
    const info = first & 0x1f;
    this.argument = info;
    if (info < 24) return true;
    if (info > 27) return this.fails('encoding');
    const size = 1 << (info - 24);
    if (this.at + size > this.bytes.length) return this.fails('truncated');
    let argument = 0;
    for (let i = 0; i < size; i++) argument = argument * 256 + this.bytes[this.at + i]!;
    this.at += size;
    this.argument = argument;
    // These are the bits of a float, which has the size of its type.
    if (this.major === 7) return true;
    if (argument > Number.MAX_SAFE_INTEGER) return this.fails('encoding');
    if (argument < SMALLEST[info - 24]!) this.isShortest = false;
    return true;
  }

  /** A head of this type; its argument is then in `argument`. */
  headOf(major: number): boolean {
    return this.head() && this.major === major;
  }

  byteString(): Uint8Array | null {
    return this.headOf(2) ? this.take() : null;
  }

  /** Moves behind one item of any type; false as well where it nests deeper than `depth`. */
  skip(depth: number): boolean {
    if (!this.head()) return false;
    const { major, argument } = this;
    if (major <= 1 || major === 7) return true;
    if (major === 2 || major === 3) return this.take() !== null;
    if (depth === 0) return false;
    const items = major === 4 ? argument : major === 5 ? 2 * argument : 1;
    // A length of 2^32 costs nothing: the first item that is not there ends the loop.
    for (let i = 0; i < items; i++) if (!this.skip(depth - 1)) return false;
    return true;
  }

  /** The bytes that the head just read announces. */
  take(): Uint8Array | null {
    const end = this.at + this.argument;
    if (end > this.bytes.length) {
      this.fails('truncated');
      return null;
    }
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  private fails(fault: 'truncated' | 'encoding'): false {
    this.fault = fault;
    return false;
  }
}

/** The least argument that needs 1, 2, 4 and 8 bytes. */
const SMALLEST = [24, 0x100, 0x1_0000, 0x1_0000_0000];
