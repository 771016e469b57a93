import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareStack, requireCount } from './stack.ts';

/** PACK: equal tensors side by side along a new dimension. */
export const pack: OperatorKernel = { code: Builtin.pack, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  const count = context.inputCount;
  context.requireArity(1, count);
  requireCount(context, context.option('valuesCount'), count);
  const parts = Array.from({ length: count }, (_, part) => context.operand(part));
  return prepareStack(context, context.output(), parts, 'pack');
}
