import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareStack, requireCount } from './stack.ts';

/** UNPACK: the slices of a dimension, which disappears. */
export const unpack: OperatorKernel = { code: Builtin.unpack, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  if (context.inputCount !== 1) context.refuse(`has ${context.inputCount} inputs`);
  const count = context.outputCount;
  requireCount(context, context.option('num'), count);
  const parts = Array.from({ length: count }, (_, part) => context.output(part));
  return prepareStack(context, context.operand(0), parts, 'unpack');
}
