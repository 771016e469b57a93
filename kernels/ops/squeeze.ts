import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareSameValues } from './same-values.ts';
import { requireShape, resolveAxis } from './shapes.ts';

/** SQUEEZE: without the named dimensions of 1, or without all of them when none is named. */
export const squeeze: OperatorKernel = { code: Builtin.squeeze, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.operand(0);
  const output = context.output();
  const { shape } = input.tensor;
  const named = context.rawOption('squeezeDims');
  const axes = Array.isArray(named) ? named.map((axis: number) => resolveAxis(context, axis, shape.length)) : [];
  for (const axis of axes) {
    if (shape[axis] !== 1) context.refuse(`squeezes dimension ${axis} of [${shape}], which is not 1`);
  }
  const gone = axes.length > 0 ? new Set(axes) : new Set(shape.flatMap((size, axis) => (size === 1 ? [axis] : [])));
  const left = shape.filter((_, axis) => !gone.has(axis));
  requireShape(context, output, left);
  return prepareSameValues(context, input, output);
}
