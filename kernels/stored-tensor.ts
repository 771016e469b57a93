import { isNoBorder, type WideLayout } from './wide-layout.ts';

/** Values of an int8 tensor as the engine keeps them: int8 q, or int16 q − zeroPoint with borders between its rows. */
export interface StoredTensor {
  /** All of the engine's memory. */
  readonly values: Int8Array | Int16Array;
  /** q = value + offset. */
  readonly offset: number;
  /** The tensor in row-major order is `runs` runs of `length` consecutive values. */
  readonly runs: number;
  readonly length: number;
  /** Index of the first value of a run. */
  start(run: number): number;
}

/** @param first index in `values` of the tensor's first value */
export function storedDensely(values: Int8Array, first: number, elements: number): StoredTensor {
  return { values, offset: 0, runs: 1, length: elements, start: () => first };
}

/** @param first index in `values` of the tensor's first value, not of its border */
export function storedWide(values: Int16Array, first: number, zeroPoint: number, layout: WideLayout): StoredTensor {
  const { batch, height, width, channels, border, imageBytes, rowBytes } = layout;
  const length = width * channels;
  if (isNoBorder(border)) {
    return { values, offset: zeroPoint, runs: 1, length: batch * height * length, start: () => first };
  }
  return {
    ...{ values, offset: zeroPoint, runs: batch * height, length },
    start: (run) => first + (Math.floor(run / height) * imageBytes + (run % height) * rowBytes) / 2,
  };
}
