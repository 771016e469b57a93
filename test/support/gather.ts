import type { TensorData } from '../../kernels/tensor-view.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';

const { int16, int32, float32 } = TensorType;

export const elementsIn = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Places of a row-major tensor, as their coordinates. */
export const coordinates = (shape: readonly number[]): number[][] => {
  const rest = shape.slice(1);
  if (shape.length === 0) return [[]];
  const inner = coordinates(rest);
  return Array.from({ length: shape[0]! }, (_, first) => inner.map((others) => [first, ...others])).flat();
};

const indexOf = (shape: readonly number[], at: readonly number[]): number =>
  at.reduce((index, coordinate, axis) => index * shape[axis]! + coordinate, 0);

/** Values of the output by the definition of an operator: where each one comes from, null for `otherwise`. */
export const gather = (
  values: TensorData,
  from: readonly number[],
  to: readonly number[],
  source: (at: readonly number[]) => readonly number[] | null,
  otherwise = 0,
): number[] =>
  coordinates(to).map((at) => {
    const place = source(at);
    return place === null ? otherwise : values[indexOf(from, place)]!;
  });

/** Numbers that no two places share, in a type that the engine's ends can have. */
export const distinctValues = (type: number, length: number): TensorData => {
  const value = (_: unknown, index: number): number => index * 7 - 100;
  if (type === int16) return Int16Array.from({ length }, value);
  if (type === int32) return Int32Array.from({ length }, (_, index) => index * 70_001 - 1_000_000);
  return type === float32
    ? Float32Array.from({ length }, (_, index) => index * 0.37 - 5)
    : Int8Array.from({ length }, value);
};
