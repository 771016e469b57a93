import { bytesToFloats, floatsToBytes } from './float-bytes.ts';
import type { Lane } from './lanes.ts';

/** How values travel: a byte each with a scale per part, or in full (tests of exactness; eight times the bytes). */
export type Precision = 'int8' | 'float64';

export interface PackedValues {
  /** A bfloat16 for each part, big-endian; empty for float64. */
  readonly scales: Uint8Array;
  /** int8, or float64 big-endian. */
  readonly values: Uint8Array;
}

/** The largest int8 that has a counterpart below zero. */
const LEVELS = 127;

/**
 * Packs the values of one slice, and puts into `sent` what a reader will make of the bytes: what is not in there has
 * not been sent, and stays with the sender (error feedback, Seide et al. 2014; Karimireddy et al. 2019, arXiv
 * 1901.09847); `sent` may be `values`. Each value is off by half a level at most: 1/254 of the largest of its part, and
 * 1 % of that for the coarser scale.
 */
export function packValues(values: Float64Array, lane: Lane, precision: Precision, sent: Float64Array): PackedValues {
  if (precision === 'float64') {
    sent.set(values);
    return { scales: new Uint8Array(0), values: floatsToBytes(values) };
  }
  const scales = new Uint8Array(2 * lane.parts.length);
  const view = new DataView(new ArrayBuffer(4));
  const levels = new Int8Array(values.length);
  lane.parts.forEach(({ offset, length }, at) => {
    const scale = scaleOf(values, offset, length, view);
    scales[2 * at] = view.getUint8(0);
    scales[2 * at + 1] = view.getUint8(1);
    for (let i = offset; i < offset + length; i++) {
      const level = scale > 0 ? Math.round(values[i]! / scale) : 0;
      levels[i] = level;
      sent[i] = level * scale;
    }
  });
  return { scales, values: new Uint8Array(levels.buffer) };
}

/**
 * Reads the values of one slice. False when the lengths do not fit it or a number is not finite; `out` is then unfit
 * for use.
 */
export function unpackValues({ scales, values }: PackedValues, lane: Lane, out: Float64Array): boolean {
  if (scales.length === 0) return bytesToFloats(values, out);
  if (values.length !== lane.length || scales.length !== 2 * lane.parts.length) return false;
  const view = new DataView(new ArrayBuffer(4));
  const levels = new Int8Array(values.buffer, values.byteOffset, values.length);
  for (const [at, { offset, length }] of lane.parts.entries()) {
    view.setUint8(0, scales[2 * at]!);
    view.setUint8(1, scales[2 * at + 1]!);
    const scale = view.getFloat32(0);
    if (!Number.isFinite(scale) || scale < 0) return false;
    for (let i = offset; i < offset + length; i++) out[i] = levels[i]! * scale;
  }
  return true;
}

/** The least bfloat16 (the upper half of a float32) whose 127-fold reaches the largest value; left in `view`. */
function scaleOf(values: Float64Array, offset: number, length: number, view: DataView): number {
  let largest = 0;
  for (let i = offset; i < offset + length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  const wanted = largest / LEVELS;
  view.setFloat32(0, wanted);
  view.setUint16(2, 0);
  // Below the smallest bfloat16 everything rounds to zero, and stays with the sender.
  if (view.getFloat32(0) < wanted && view.getUint16(0) > 0) view.setUint16(0, view.getUint16(0) + 1);
  return view.getFloat32(0);
}
