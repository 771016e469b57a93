import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareSameValues } from './same-values.ts';

/** RESHAPE: the same values under another shape, which is the output tensor's; the operands only repeat it. */
export const reshape: OperatorKernel = { code: Builtin.reshape, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 2);
  return prepareSameValues(context, context.operand(0), context.output());
}
