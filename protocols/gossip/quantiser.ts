import { bytesToFloats, floatsToBytes } from './float-bytes.ts';
import type { Lane } from './lanes.ts';

/** How values travel: a byte each with a scale per part, or in full (tests of exactness; eight times the bytes). */
export type Precision = 'int8' | 'float64';

export interface PackedValues {
  /** A bfloat16 for each part, big-endian, below zero where the part says how values differ; empty for float64. */
  readonly scales: Uint8Array;
  /** int8, or float64 big-endian. In the fine form two more bits of each value follow, four values to a byte. */
  readonly values: Uint8Array;
}

/** What both ends of an edge expect [lane.length], in place of zero; null when they have nothing in common yet. */
export type Anchor = Float64Array | null;

/** The largest int8 that has a counterpart below zero, and the same with two bits more. */
const LEVELS = 127;
const FINE_LEVELS = 511;

/**
 * Packs the values of one slice, and puts into `sent` what a reader will make of the bytes: what is not in there has
 * not been sent, and stays with the sender (error feedback, Seide et al. 2014; Karimireddy et al. 2019, arXiv
 * 1901.09847); `sent` may be `values`. Each value is off by half a level at most: 1/254 of the largest of its part, and
 * 1 % of that for the coarser scale. With an anchor a part is coded as its difference to that wherever the differences
 * are the smaller ones (as CHOCO-gossip does, Koloskova, Stich, Jaggi 2019, arXiv 1902.00340, algorithm 1): what two
 * nodes agree on already takes no levels.
 *
 * @param isFine two bits more a value: levels of a quarter
 */
export function packValues(
  values: Float64Array,
  lane: Lane,
  precision: Precision,
  sent: Float64Array,
  anchor: Anchor = null,
  isFine = false,
): PackedValues {
  if (precision === 'float64') {
    sent.set(values);
    return { scales: new Uint8Array(0), values: floatsToBytes(values) };
  }
  const scales = new Uint8Array(2 * lane.parts.length);
  const view = new DataView(scales.buffer);
  const bytes = new Uint8Array(isFine ? fineLength(values.length) : values.length);
  const most = isFine ? FINE_LEVELS : LEVELS;
  lane.parts.forEach(({ offset, length }, at) => {
    const plain = largestOf(values, null, offset, length);
    const apart = anchor === null ? plain : largestOf(values, anchor, offset, length);
    const from = apart < plain ? anchor : null;
    const scale = scaleOf((from === null ? plain : apart) / most);
    view.setUint16(2 * at, from === null ? upperHalf(scale) : upperHalf(scale) | SIGN);
    for (let i = offset; i < offset + length; i++) {
      const zero = from === null ? 0 : from[i]!;
      const level = scale > 0 ? Math.round((values[i]! - zero) / scale) : 0;
      putLevel(bytes, values.length, i, level);
      sent[i] = zero + level * scale;
    }
  });
  return { scales, values: bytes };
}

/**
 * Reads the values of one slice. False when the lengths do not fit it, a number is not finite, or the anchor is missing
 * to which the differences were made; `out` is then unfit for use.
 */
export function unpackValues(
  { scales, values }: PackedValues,
  lane: Lane,
  out: Float64Array,
  anchor: Anchor = null,
): boolean {
  if (scales.length === 0) return bytesToFloats(values, out);
  const isFine = values.length === fineLength(lane.length);
  if (!isFine && values.length !== lane.length) return false;
  if (scales.length !== 2 * lane.parts.length) return false;
  const view = new DataView(scales.buffer, scales.byteOffset, scales.byteLength);
  for (const [at, { offset, length }] of lane.parts.entries()) {
    const half = view.getUint16(2 * at);
    const scale = ofUpperHalf(half & ~SIGN);
    const from = (half & SIGN) === 0 ? null : anchor;
    if (!Number.isFinite(scale) || ((half & SIGN) !== 0 && anchor === null)) return false;
    for (let i = offset; i < offset + length; i++) {
      out[i] = (from === null ? 0 : from[i]!) + levelAt(values, lane.length, i) * scale;
    }
  }
  return true;
}

/** Whether a part says how values differ from what both ends agreed on. */
export function needsAnchor({ scales }: PackedValues): boolean {
  for (let at = 0; at < scales.length; at += 2) if (scales[at]! >= SIGN >> 8) return true;
  return false;
}

/** Bytes of so many values in the fine form; never a length of the other. */
function fineLength(count: number): number {
  return count + Math.ceil(count / 4);
}

function putLevel(bytes: Uint8Array, count: number, at: number, level: number): void {
  if (bytes.length === count) {
    bytes[at] = level;
    return;
  }
  bytes[at] = level >> 2;
  const low = count + (at >> 2);
  bytes[low] = bytes[low]! | ((level & 3) << (2 * (at & 3)));
}

function levelAt(bytes: Uint8Array, count: number, at: number): number {
  const high = (bytes[at]! << 24) >> 24;
  if (bytes.length === count) return high;
  return 4 * high + ((bytes[count + (at >> 2)]! >> (2 * (at & 3))) & 3);
}

function largestOf(values: Float64Array, from: Anchor, offset: number, length: number): number {
  let largest = 0;
  for (let i = offset; i < offset + length; i++) {
    largest = Math.max(largest, Math.abs(values[i]! - (from === null ? 0 : from[i]!)));
  }
  return largest;
}

/** Sign of a bfloat16. */
const SIGN = 0x8000;

/** A float32, to be looked at by its upper half: a bfloat16. */
const FLOAT = new DataView(new ArrayBuffer(4));

/** The least bfloat16 that is not below `wanted`. */
function scaleOf(wanted: number): number {
  const half = upperHalf(wanted);
  const below = ofUpperHalf(half);
  // Below the smallest bfloat16 everything rounds to zero, and stays with the sender.
  return below < wanted && half > 0 ? ofUpperHalf(half + 1) : below;
}

function upperHalf(value: number): number {
  FLOAT.setFloat32(0, value);
  return FLOAT.getUint16(0);
}

function ofUpperHalf(half: number): number {
  FLOAT.setUint16(0, half);
  FLOAT.setUint16(2, 0);
  return FLOAT.getFloat32(0);
}
