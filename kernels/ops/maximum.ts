import { Builtin } from '../tflite/builtin-operator.ts';
import type { BinaryRow } from './broadcast.ts';
import { prepareExtremum, type Values } from './extremum.ts';
import type { OperatorKernel } from './operator.ts';

/** MAXIMUM: the larger of two values, with NumPy's broadcasting; int8, int16, int32, float32. */
export const maximum: OperatorKernel = {
  code: Builtin.maximum,
  prepare: (context) => prepareExtremum(context, maxRow),
};

function maxRow(memory: Values): BinaryRow {
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) memory[out + i] = Math.max(memory[a + i * aStep]!, memory[b + i * bStep]!);
  };
}
