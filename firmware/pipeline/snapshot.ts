import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { NodeError } from '../errors.ts';

/** "MXLS", little-endian: a Myrmex learning state. */
const MAGIC = 0x534c584d;
const VERSION = 3;
const HEADER_BYTES = 4 * 6;
const CHECKSUM_BYTES = 8;

export type StateArray = Float32Array | Float64Array | Uint32Array | Uint16Array | Uint8Array | Int8Array;

/** What another snapshot may hold: of an older version, or of this one before there was somebody to share with. */
export interface Layout {
  readonly version: number;
  readonly arrays: readonly StateArray[];
  /** Called when they have been read. */
  readonly adopt: () => void;
}

/**
 * Learning state as bytes, the same on every machine: magic, version, the model's two fingerprint words, length, zero,
 * then the arrays in their order (little-endian), then a 64-bit checksum of all before it. The arrays are live: `write`
 * reads them, `read` fills them after everything has been checked. What another layout does not hold stays as it is at
 * the start.
 */
export class SnapshotCodec {
  readonly byteLength: number;
  /** Written here first: a snapshot is taken every few seconds and allocates nothing. */
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly fingerprint = new Fingerprint();
  /** This one first. */
  private readonly layouts: readonly Layout[];

  /** @param others that can be read as well; two of one version differ in their length */
  constructor(
    private readonly model: readonly [number, number],
    private readonly arrays: readonly StateArray[],
    others: readonly Layout[],
  ) {
    const present: Layout = { version: VERSION, arrays, adopt: () => {} };
    this.layouts = [present, ...others];
    this.byteLength = lengthOf(arrays);
    this.bytes = new Uint8Array(this.byteLength);
    this.view = new DataView(this.bytes.buffer);
    this.header(present).forEach((word, i) => {
      this.view.setUint32(i * 4, word, true);
    });
  }

  /** @returns bytes written, always `byteLength`. Throws a RangeError when `out` is shorter. */
  write(out: Uint8Array): number {
    if (out.length < this.byteLength)
      throw new RangeError(`a snapshot takes ${this.byteLength} bytes, not ${out.length}`);
    const { view } = this;
    let at = HEADER_BYTES;
    for (const array of this.arrays) {
      for (let i = 0; i < array.length; i++, at += array.BYTES_PER_ELEMENT) setElement(view, at, array, i);
    }
    const [low, high] = this.checksum(this.bytes, at);
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
    out.set(this.bytes);
    return this.byteLength;
  }

  /**
   * @throws NodeError `snapshotDamaged`, `snapshotVersion` or `snapshotMismatch` (another model or other learning
   * options); nothing is changed then
   */
  read(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { arrays, adopt } = this.check(bytes, view);
    let at = HEADER_BYTES;
    for (const array of arrays) {
      for (let i = 0; i < array.length; i++, at += array.BYTES_PER_ELEMENT) getElement(view, at, array, i);
    }
    adopt();
  }

  private header({ version, arrays }: Layout): readonly number[] {
    return [MAGIC, version, this.model[0], this.model[1], lengthOf(arrays), 0];
  }

  private checksum(bytes: Uint8Array, end: number): readonly [number, number] {
    this.fingerprint.reset();
    for (let i = 0; i < end; i++) this.fingerprint.add(bytes[i]!);
    return this.fingerprint.words;
  }

  private check(bytes: Uint8Array, view: DataView): Layout {
    const refuse = (code: string, what: string): never => {
      throw new NodeError(code, `the stored learning state ${what}: it is left out, learning goes on from the journal`);
    };
    if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES || view.getUint32(0, true) !== MAGIC) {
      refuse('snapshotDamaged', 'is not one');
    }
    const version = view.getUint32(4, true);
    const known = this.layouts.filter((layout) => layout.version === version);
    if (known.length === 0) {
      refuse('snapshotVersion', `has version ${version}, this software reads up to ${VERSION}`);
    }
    const end = bytes.length - CHECKSUM_BYTES;
    const [low, high] = this.checksum(bytes, end);
    if (view.getUint32(end, true) !== low || view.getUint32(end + 4, true) !== high) {
      refuse('snapshotDamaged', 'is damaged (checksum)');
    }
    const fits = (layout: Layout): boolean =>
      lengthOf(layout.arrays) === bytes.length &&
      this.header(layout).every((word, i) => view.getUint32(i * 4, true) === word);
    return known.find(fits) ?? refuse('snapshotMismatch', 'belongs to another model or other learning options');
  }
}

const lengthOf = (arrays: readonly StateArray[]): number =>
  HEADER_BYTES + arrays.reduce((sum, array) => sum + array.byteLength, 0) + CHECKSUM_BYTES;

function setElement(view: DataView, at: number, array: StateArray, i: number): void {
  if (array instanceof Float64Array) view.setFloat64(at, array[i]!, true);
  else if (array instanceof Float32Array) view.setFloat32(at, array[i]!, true);
  else if (array instanceof Uint32Array) view.setUint32(at, array[i]!, true);
  else if (array instanceof Uint16Array) view.setUint16(at, array[i]!, true);
  else view.setUint8(at, array[i]! & 255);
}

function getElement(view: DataView, at: number, array: StateArray, i: number): void {
  if (array instanceof Float64Array) array[i] = view.getFloat64(at, true);
  else if (array instanceof Float32Array) array[i] = view.getFloat32(at, true);
  else if (array instanceof Uint32Array) array[i] = view.getUint32(at, true);
  else if (array instanceof Uint16Array) array[i] = view.getUint16(at, true);
  else array[i] = view.getUint8(at);
}
