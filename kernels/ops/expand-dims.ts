import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareSameValues } from './same-values.ts';
import { requireShape, resolveAxis } from './shapes.ts';

/** EXPAND_DIMS: a dimension of 1 more, before dimension `axis`; −1 is behind the last. */
export const expandDims: OperatorKernel = { code: Builtin.expandDims, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const input = context.operand(0);
  const output = context.output();
  const { shape } = input.tensor;
  const [axis, ...more] = context.integers(1);
  if (axis === undefined || more.length > 0) return context.refuse('needs one axis');
  const at = resolveAxis(context, axis, shape.length + 1);
  requireShape(context, output, shape.toSpliced(at, 0, 1));
  return prepareSameValues(context, input, output);
}
