import { isUtf8 } from './utf8.ts';

/** Why bytes were refused. The words are counted, published and documented: they never change. */
export type CborRejection =
  | 'tooLong'
  | 'truncated'
  | 'trailingBytes'
  | 'tooDeep'
  | 'tooManyItems'
  | 'textTooLong'
  | 'binaryTooLong'
  | 'mapTooLarge'
  | 'indefiniteLength'
  | 'reserved'
  | 'integerRange'
  | 'notFinite'
  | 'simpleValue'
  | 'invalidText'
  | 'mapKey'
  | 'duplicateKey'
  | 'tag'
  | 'undecodable';

export interface CborLimits {
  readonly bytesMax: number;
  /** Nesting of arrays, maps and tags; a bare number has depth 0. */
  readonly depthMax: number;
  /** Data items in all, map keys and the containers themselves included. */
  readonly itemsMax: number;
  readonly pairsMax: number;
  readonly textBytesMax: number;
  readonly binaryBytesMax: number;
  /** Tag numbers that may appear. */
  readonly tags: readonly number[];
}

/**
 * Walks over one CBOR data item (RFC 8949) without building anything, and says why it must not be decoded, or null when
 * it may be. What is left after it: definite lengths, integers within ±(2^53 - 1), finite floats, false, true, null,
 * well-formed text, byte strings, arrays, and maps whose keys are distinct texts.
 */
export function scanCbor(bytes: Uint8Array, limits: CborLimits): CborRejection | null {
  if (bytes.length > limits.bytesMax) return 'tooLong';
  const scanner = new Scanner(bytes, limits);
  return scanner.item(0) ?? (scanner.at === bytes.length ? null : 'trailingBytes');
}

/** Methods move `at` past what they read and say why it must not be read, or null. Recursion ends at `depthMax`. */
class Scanner {
  at = 0;
  /** The argument of the head read last (RFC 8949 §3). */
  private argument = 0;
  private items = 0;
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly limits: CborLimits;

  constructor(bytes: Uint8Array, limits: CborLimits) {
    this.bytes = bytes;
    this.limits = limits;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(depth: number): CborRejection | null {
    const begun = this.begin();
    if (begun !== null) return begun;
    const head = this.bytes[this.at]!;
    const major = head >> 5;
    if (major === 7) return this.simpleOrFloat(head & 0x1f);
    const rejection = this.readArgument(head & 0x1f, major);
    if (rejection !== null || major <= 1) return rejection;
    if (major === 2) return this.skip(this.limits.binaryBytesMax, 'binaryTooLong');
    if (major === 3) return this.text();
    if (depth >= this.limits.depthMax) return 'tooDeep';
    if (major === 4) return this.array(depth);
    if (major === 5) return this.map(depth);
    return this.tagged(this.argument, depth);
  }

  /**
   * RFC 8746 §2.1: the content of a typed array (tags 64 to 87) is a byte string of whole elements. cbor-x would make
   * an array of whatever else is there: of a map with a member "buffer", one as long as that number says.
   */
  private tagged(tag: number, depth: number): CborRejection | null {
    if (!this.limits.tags.includes(tag)) return 'tag';
    const isTypedArray = tag >= 64 && tag <= 87;
    if (isTypedArray && this.at < this.bytes.length && this.bytes[this.at]! >> 5 !== 2) return 'tag';
    const rejection = this.item(depth + 1);
    if (rejection !== null || !isTypedArray) return rejection;
    // The tag is 0b010fsell: elements of 2^ll bytes, of twice as many when they are floats (f).
    const elementBytes = (tag & 0b10000 ? 2 : 1) << (tag & 0b11);
    return this.argument % elementBytes === 0 ? null : 'tag';
  }

  private begin(): CborRejection | null {
    this.items += 1;
    if (this.items > this.limits.itemsMax) return 'tooManyItems';
    return this.at < this.bytes.length ? null : 'truncated';
  }

  /** RFC 8949 §3: the argument is in the head itself or in the 1, 2, 4 or 8 bytes after it. */
  private readArgument(info: number, major: number): CborRejection | null {
    this.at += 1;
    this.argument = info;
    if (info < 24) return null;
    if (info > 27) return info === 31 && major >= 2 && major <= 5 ? 'indefiniteLength' : 'reserved';
    const start = this.at;
    const size = 1 << (info - 24);
    if (start + size > this.bytes.length) return 'truncated';
    this.at += size;
    this.argument = this.unsigned(start, size);
    // A negative integer is -1 - argument (RFC 8949 §3.1), so its bound is one lower.
    return this.argument > Number.MAX_SAFE_INTEGER - (major === 1 ? 1 : 0) ? 'integerRange' : null;
  }

  private unsigned(start: number, size: number): number {
    if (size === 1) return this.bytes[start]!;
    if (size === 2) return this.view.getUint16(start);
    if (size === 4) return this.view.getUint32(start);
    return this.view.getUint32(start) * 0x1_0000_0000 + this.view.getUint32(start + 4);
  }

  private array(depth: number): CborRejection | null {
    const length = this.argument;
    // A length of 2^32 costs nothing: the first item that is not there ends the loop.
    for (let i = 0; i < length; i++) {
      const rejection = this.item(depth + 1);
      if (rejection !== null) return rejection;
    }
    return null;
  }

  private map(depth: number): CborRejection | null {
    const pairs = this.argument;
    if (pairs > this.limits.pairsMax) return 'mapTooLarge';
    const keys = new Set<string>();
    for (let i = 0; i < pairs; i++) {
      const rejection = this.key(keys) ?? this.item(depth + 1);
      if (rejection !== null) return rejection;
    }
    return null;
  }

  /** Keys are compared by their bytes, so that 0x61 'a' and 0x7801 'a' are the same key twice. */
  private key(seen: Set<string>): CborRejection | null {
    const begun = this.begin();
    if (begun !== null) return begun;
    const head = this.bytes[this.at]!;
    if (head >> 5 !== 3) return 'mapKey';
    const rejection = this.readArgument(head & 0x1f, 3) ?? this.text();
    if (rejection !== null) return rejection;
    let key = '';
    for (let i = this.at - this.argument; i < this.at; i++) key += String.fromCharCode(this.bytes[i]!);
    // cbor-x renames this one to protect objects, which could make it collide with another key.
    if (key === '__proto__') return 'mapKey';
    if (seen.has(key)) return 'duplicateKey';
    seen.add(key);
    return null;
  }

  private text(): CborRejection | null {
    const start = this.at;
    const rejection = this.skip(this.limits.textBytesMax, 'textTooLong');
    if (rejection !== null) return rejection;
    // A leading byte order mark means nothing here, and cbor-x drops it from long strings only.
    const marked = this.bytes[start] === 0xef && this.bytes[start + 1] === 0xbb && this.bytes[start + 2] === 0xbf;
    return (marked && this.argument >= 3) || !isUtf8(this.bytes, start, this.at) ? 'invalidText' : null;
  }

  private skip(lengthMax: number, rejection: CborRejection): CborRejection | null {
    if (this.argument > lengthMax) return rejection;
    if (this.argument > this.bytes.length - this.at) return 'truncated';
    this.at += this.argument;
    return null;
  }

  /** RFC 8949 §3.3: false 20, true 21, null 22; floats 25, 26, 27 with all exponent bits set are NaN or infinite. */
  private simpleOrFloat(info: number): CborRejection | null {
    this.at += 1;
    if (info >= 20 && info <= 22) return null;
    if (info < 25) return 'simpleValue';
    if (info > 27) return 'reserved';
    const size = 1 << (info - 24);
    if (this.at + size > this.bytes.length) return 'truncated';
    const high = this.view.getUint16(this.at);
    const exponent = size === 2 ? 0x7c00 : size === 4 ? 0x7f80 : 0x7ff0;
    this.at += size;
    return (high & exponent) === exponent ? 'notFinite' : null;
  }
}
