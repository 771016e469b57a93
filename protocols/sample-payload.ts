import type { CborLimits } from './cbor-scan.ts';
import type { Codec } from './codec.ts';
import { valueAt } from './json-pointer.ts';
import { jsonOf, textOf } from './text.ts';

/** Bounds of what may come from somebody else's sensor. */
export const SAMPLE_LIMITS = {
  /** A tenth of a second of three channels at 6.4 kHz as float64, and to spare. */
  bytesMax: 65_536,
  /** Samples of one channel in one message. */
  samplesMax: 16_384,
  /** A number as text: a sign, 17 digits, a point and an exponent need 24. */
  textCharsMax: 64,
} as const;

/** Typed arrays of RFC 8746 §2.1, little and big endian, but for float16, float128 and 64-bit integers. */
const TYPED_ARRAY_TAGS = [64, 65, 66, 69, 70, 72, 73, 74, 77, 78, 81, 82, 85, 86];

const CBOR_LIMITS: CborLimits = {
  bytesMax: SAMPLE_LIMITS.bytesMax,
  depthMax: 6,
  itemsMax: 65_536,
  pairsMax: 1_024,
  textBytesMax: 4_096,
  binaryBytesMax: SAMPLE_LIMITS.bytesMax,
  tags: TYPED_ARRAY_TAGS,
};

/** Where the samples of one channel lie in a payload. */
export interface SampleLocation {
  /** `text`: the payload is one number, as people write it. */
  readonly format: 'text' | 'json' | 'cbor';
  readonly pointer: readonly string[];
  /** Of an array of rows, or of the same in one flat array: which column of how many. Null: an array is one column. */
  readonly column: { readonly at: number; readonly of: number } | null;
}

/** One message, decoded at most once however many channels look into it. */
export class SamplePayload {
  #json: { value: unknown } | null = null;
  #cbor: { value: unknown } | null = null;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly codec: Codec,
  ) {}

  /**
   * Writes the samples found at a location to out[0..] and returns their number, or -1 when there is none to be found:
   * not decodable, nothing there, not numbers. NaN is a sample that the sender knows to be missing. Never throws.
   *
   * @param out at least `samplesMax` long
   */
  read({ format, pointer, column }: SampleLocation, out: Float64Array): number {
    if (this.bytes.length > SAMPLE_LIMITS.bytesMax) return -1;
    if (format === 'text') return one(numberOf(this.#text(SAMPLE_LIMITS.textCharsMax)), out);
    const found = valueAt(format === 'json' ? this.#asJson() : this.#asCbor(), pointer);
    if (ArrayBuffer.isView(found)) return flat(found as unknown as ArrayLike<unknown>, column, out);
    if (!Array.isArray(found)) return one(numberOf(found), out);
    return Array.isArray(found[0]) ? rows(found, column, out) : flat(found, column, out);
  }

  #text(charsMax: number): string | undefined {
    return this.bytes.length > charsMax ? undefined : textOf(this.bytes);
  }

  #asJson(): unknown {
    this.#json ??= { value: jsonOf(this.#text(SAMPLE_LIMITS.bytesMax)) };
    return this.#json.value;
  }

  #asCbor(): unknown {
    if (this.#cbor === null) {
      const decoded = this.codec.decode(this.bytes, CBOR_LIMITS);
      this.#cbor = { value: decoded.ok ? decoded.value : undefined };
    }
    return this.#cbor.value;
  }
}

/** Numbers, numbers as text, true and false as 1 and 0, null as missing; undefined for everything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null) return Number.NaN;
  if (typeof value !== 'string' || value.length > SAMPLE_LIMITS.textCharsMax) return undefined;
  const text = value.trim();
  if (text === 'true' || text === 'false') return text === 'true' ? 1 : 0;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function one(value: number | undefined, out: Float64Array): number {
  if (value === undefined) return -1;
  out[0] = value;
  return 1;
}

function flat(values: ArrayLike<unknown>, column: SampleLocation['column'], out: Float64Array): number {
  const { at, of } = column ?? { at: 0, of: 1 };
  const samples = values.length / of;
  if (!Number.isInteger(samples) || samples > SAMPLE_LIMITS.samplesMax) return -1;
  for (let sample = 0; sample < samples; sample++) {
    const value = numberOf(values[sample * of + at]);
    if (value === undefined) return -1;
    out[sample] = value;
  }
  return samples;
}

function rows(values: readonly unknown[], column: SampleLocation['column'], out: Float64Array): number {
  if (column === null || values.length > SAMPLE_LIMITS.samplesMax) return -1;
  for (const [sample, row] of values.entries()) {
    const value = Array.isArray(row) && row.length === column.of ? numberOf(row[column.at]) : undefined;
    if (value === undefined) return -1;
    out[sample] = value;
  }
  return values.length;
}
