import { TensorType } from '../tflite/tensor-type.ts';
import { type BinaryOperands, binaryOperands, binaryOperator, refuseType } from './binary.ts';
import type { BinaryRow } from './broadcast.ts';
import type { PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';

/** MAXIMUM and MINIMUM: quantised values are compared as they are, because the specification gives all one scale. */
export function prepareExtremum(context: PrepareContext, row: (memory: Values) => BinaryRow): PreparedOperator {
  const operands = binaryOperands(context);
  return binaryOperator(operands, row(memoryOf(context, operands)));
}

export type Values = Int8Array | Int16Array | Int32Array | Float32Array;

function memoryOf(context: PrepareContext, { type }: BinaryOperands): Values {
  const { int8, int16, int32, float32 } = context.engine;
  switch (type) {
    case TensorType.int8:
      return int8;
    case TensorType.int16:
      return int16;
    case TensorType.int32:
      return int32;
    case TensorType.float32:
      return float32;
    default:
      return refuseType(context, type, 'int8, int16, int32 or float32');
  }
}
