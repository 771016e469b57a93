import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { oneAxis, prepareParts, requireParts } from './parts.ts';
import type { PrepareContext } from './prepare-context.ts';

/** SPLIT_V: parts of the sizes in input 1 along the axis of input 2; one of them may be −1 for what is left. */
export const splitV: OperatorKernel = { code: Builtin.splitV, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  requireParts(context, 3);
  const source = context.operand(0);
  const axis = oneAxis(context, 2, source);
  const sizes = context.integers(1);
  const open = sizes.indexOf(-1);
  const known = sizes.reduce((sum, size, part) => (part === open ? sum : sum + size), 0);
  if (open >= 0) sizes[open] = source.tensor.shape[axis]! - known;
  if (sizes.length !== context.outputCount) context.refuse(`has ${sizes.length} sizes for its outputs`);
  return prepareParts(context, source, axis, sizes);
}
