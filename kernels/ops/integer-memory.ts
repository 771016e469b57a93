import { TensorType, zeroPointRange } from '../tflite/tensor-type.ts';
import { refuseType } from './binary.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

export type IntegerMemory = Int8Array | Uint8Array | Int16Array | Int32Array;

/** The engine's memory in the element type of a quantised tensor. */
export function integerMemory(context: PrepareContext, { tensor }: OperatorTensor): IntegerMemory {
  const { int8, uint8, int16, int32 } = context.engine;
  switch (tensor.type) {
    case TensorType.int8:
      return int8;
    case TensorType.uint8:
      return uint8;
    case TensorType.int16:
      return int16;
    case TensorType.int32:
      return int32;
    default:
      return refuseType(context, tensor.type, 'int8, uint8, int16, int32 or float32');
  }
}

/** Values that the type of such a tensor can hold. */
export function integerRange(type: number): readonly [number, number] {
  return type === TensorType.int32 ? [-2147483648, 2147483647] : zeroPointRange(type);
}
