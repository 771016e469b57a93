import { Builtin } from '../tflite/builtin-operator.ts';
import type { BinaryRow } from './broadcast.ts';
import { prepareExtremum, type Values } from './extremum.ts';
import type { OperatorKernel } from './operator.ts';

/** MINIMUM: the smaller of two values, with NumPy's broadcasting; int8, int16, int32, float32. */
export const minimum: OperatorKernel = {
  code: Builtin.minimum,
  prepare: (context) => prepareExtremum(context, minRow),
};

function minRow(memory: Values): BinaryRow {
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) memory[out + i] = Math.min(memory[a + i * aStep]!, memory[b + i * bStep]!);
  };
}
