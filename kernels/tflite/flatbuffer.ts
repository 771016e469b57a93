import { ByteBuffer } from 'flatbuffers';
import { ModelError, malformed } from '../errors.ts';

/** Bytes of a table's or vector's leading offset, and of a vector's or string's length. */
const WORD = 4;

/**
 * Verified access to a flatbuffer (flatbuffers internals, "Format"): nothing is read before its place is known to lie
 * inside the file and to be aligned. Tables may overlap in a hostile file, so a few kilobytes could stand for millions
 * of elements; `budget` bounds the sum of all bytes visited by a small multiple of the file's length.
 */
export class FlatbufferFile {
  readonly buffer: ByteBuffer;
  readonly bytes: Uint8Array;
  private budget: number;
  private readonly decoder = new TextDecoder();

  constructor(bytes: Uint8Array) {
    // Subclasses such as Node's Buffer would pass their kind on to every view of a weight.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.buffer = new ByteBuffer(this.bytes);
    // Honest writers share vtables and strings at most; four times the length never binds for them.
    this.budget = 4 * bytes.length + 1024;
  }

  /** The root table of a file whose identifier is `identifier`. */
  root(identifier: string): FlatbufferTable {
    if (!(this.bytes.length >= 12)) malformed(`a model of ${this.bytes.length} bytes is too short to be one`);
    const found = this.decoder.decode(this.bytes.subarray(4, 8));
    if (found !== identifier) malformed(`the file identifier is not ${identifier}, this is no TFLite model`);
    return new FlatbufferTable(this, this.follow(0, 'root'), 'model');
  }

  /** Target of the unsigned offset stored at `position`; 4-aligned, with room for one word. */
  follow(position: number, what: string, owner = ''): number {
    const target = position + this.buffer.readUint32(position);
    if (!(target > position && target % WORD === 0 && target + WORD <= this.bytes.length))
      malformed(`the offset of ${what}${owner} at byte ${position} leaves the file`);
    return target;
  }

  charge(bytes: number, what: string, owner = ''): void {
    this.budget -= bytes;
    if (!(this.budget >= 0)) malformed(`${what}${owner} overlaps other parts of the file many times over`);
  }

  /** Numbers as they lie in the file, little-endian like every machine with this engine and like wasm memory. */
  copy(start: number, bytes: number): ArrayBuffer {
    return this.bytes.slice(start, start + bytes).buffer;
  }

  text(start: number, length: number): string {
    return this.decoder.decode(this.bytes.subarray(start, start + length));
  }
}

/** Number of elements and position of the first one. */
interface Vector {
  readonly start: number;
  readonly length: number;
}

/** One table whose vtable and extent were checked; fields are checked one by one as they are read. */
export class FlatbufferTable {
  private readonly vtable: number;
  private readonly vtableBytes: number;
  private readonly tableBytes: number;

  constructor(
    private readonly file: FlatbufferFile,
    private readonly position: number,
    private readonly what: string,
  ) {
    const { buffer, bytes } = file;
    this.vtable = position - buffer.readInt32(position);
    const { vtable } = this;
    if (!(vtable >= 0 && vtable % 2 === 0 && vtable + WORD <= bytes.length)) malformed(`${what} has a stray vtable`);
    this.vtableBytes = buffer.readUint16(vtable);
    this.tableBytes = buffer.readUint16(vtable + 2);
    if (!(this.vtableBytes >= WORD && this.vtableBytes % 2 === 0 && vtable + this.vtableBytes <= bytes.length))
      malformed(`the vtable of ${what} leaves the file`);
    if (!(this.tableBytes >= WORD && position + this.tableBytes <= bytes.length))
      malformed(`the table of ${what} leaves the file`);
    file.charge(this.tableBytes, what);
  }

  /** Position of field `slot` of `size` bytes, or 0 when the field is absent. */
  private field(slot: number, size: number): number {
    const entry = WORD + 2 * slot;
    if (entry >= this.vtableBytes) return 0;
    const offset = this.file.buffer.readUint16(this.vtable + entry);
    if (offset === 0) return 0;
    const place = this.position + offset;
    if (!(offset >= WORD && offset + size <= this.tableBytes && place % size === 0))
      malformed(`field ${slot} of ${this.what} leaves its table`);
    return place;
  }

  int8(slot: number, absent = 0): number {
    const place = this.field(slot, 1);
    return place === 0 ? absent : this.file.buffer.readInt8(place);
  }

  uint8(slot: number, absent = 0): number {
    return this.int8(slot, absent) & 0xff;
  }

  int32(slot: number, absent = 0): number {
    const place = this.field(slot, 4);
    return place === 0 ? absent : this.file.buffer.readInt32(place);
  }

  uint32(slot: number): number {
    return this.int32(slot) >>> 0;
  }

  int64(slot: number): bigint {
    const place = this.field(slot, 8);
    return place === 0 ? 0n : this.file.buffer.readInt64(place);
  }

  float32(slot: number): number {
    const place = this.field(slot, 4);
    return place === 0 ? 0 : this.file.buffer.readFloat32(place);
  }

  string(slot: number, bytesMax: number): string {
    const { start, length } = this.vector(slot, 1, bytesMax, 'text');
    return length === 0 ? '' : this.file.text(start, length);
  }

  table(slot: number, what: string): FlatbufferTable | null {
    const place = this.field(slot, WORD);
    return place === 0 ? null : new FlatbufferTable(this.file, this.file.follow(place, what), what);
  }

  /** Calls `read` for each table of the vector in `slot`; `what` names one element in messages. */
  tables<T>(slot: number, countMax: number, what: string, read: (table: FlatbufferTable, index: number) => T): T[] {
    const { start, length } = this.vector(slot, WORD, countMax, `${what}s`);
    const result: T[] = [];
    for (let index = 0; index < length; index++) {
      const name = `${what} ${index}`;
      result.push(read(new FlatbufferTable(this.file, this.file.follow(start + index * WORD, name), name), index));
    }
    return result;
  }

  int32s(slot: number, countMax: number, what: string): number[] {
    const { start, length } = this.vector(slot, 4, countMax, what);
    return Array.from(new Int32Array(this.file.copy(start, length * 4)));
  }

  /** int64 values that must fit int32, without a BigInt for each. */
  int64s(slot: number, countMax: number, what: string): Int32Array {
    const { start, length } = this.vector(slot, 8, countMax, what);
    const words = new Int32Array(this.file.copy(start, length * 8));
    const values = new Int32Array(length);
    for (let index = 0; index < length; index++) {
      const low = words[2 * index]!;
      const high = words[2 * index + 1]!;
      if (!(high === low >> 31)) malformed(`${what} of ${this.what} hold a number beyond 32 bits`);
      values[index] = low;
    }
    return values;
  }

  float32s(slot: number, countMax: number, what: string): Float32Array {
    const { start, length } = this.vector(slot, 4, countMax, what);
    return new Float32Array(this.file.copy(start, length * 4));
  }

  /** A view of the bytes in the file, not a copy. */
  bytes(slot: number, countMax: number, what: string): Uint8Array {
    const { start, length } = this.vector(slot, 1, countMax, what);
    return this.file.bytes.subarray(start, start + length);
  }

  private vector(slot: number, size: number, countMax: number, what: string): Vector {
    const place = this.field(slot, WORD);
    if (place === 0) return { start: 0, length: 0 };
    const head = this.file.follow(place, what, ` of ${this.what}`);
    const length = this.file.buffer.readUint32(head);
    const start = head + WORD;
    if (!(length * size <= this.file.bytes.length - start && (size < 8 || start % size === 0)))
      malformed(`${what} of ${this.what} leaves the file`);
    if (length > countMax) {
      throw new ModelError(
        'modelTooLarge',
        `${this.what} has ${length} ${what}, ${countMax} are allowed: use a smaller model or raise the limit`,
      );
    }
    this.file.charge(WORD + length * size, what, ` of ${this.what}`);
    return { start, length };
  }
}
