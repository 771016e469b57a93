import type { Builder } from 'flatbuffers';

/** Flatbuffers grow from the end to the start, so vectors are filled backwards. Each returns the vector's offset. */
function fill(builder: Builder, size: number, length: number, add: (index: number) => void): number {
  builder.startVector(size, length, size);
  for (let index = length - 1; index >= 0; index--) add(index);
  return builder.endVector();
}

export function writeInts(builder: Builder, values: readonly number[]): number {
  return fill(builder, 4, values.length, (index) => builder.addInt32(values[index]!));
}

export function writeFloats(builder: Builder, values: ArrayLike<number>): number {
  return fill(builder, 4, values.length, (index) => builder.addFloat32(values[index]!));
}

export function writeLongs(builder: Builder, values: ArrayLike<number>): number {
  return fill(builder, 8, values.length, (index) => builder.addInt64(BigInt(values[index]!)));
}

/** Writes each value as a table, then the vector of their offsets. */
export function writeTables<T>(builder: Builder, values: readonly T[], write: (value: T, index: number) => number) {
  const offsets = values.map(write);
  return fill(builder, 4, offsets.length, (index) => builder.addOffset(offsets[index]!));
}
