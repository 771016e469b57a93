import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { oneAxis, prepareParts, requireParts } from './parts.ts';
import type { PrepareContext } from './prepare-context.ts';

/** SPLIT: equal parts along the axis of input 0. */
export const split: OperatorKernel = { code: Builtin.split, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  requireParts(context, 2);
  const source = context.operand(1);
  const axis = oneAxis(context, 0, source);
  const parts = context.outputCount;
  const size = source.tensor.shape[axis]! / parts;
  if (!Number.isInteger(size)) context.refuse(`splits ${source.tensor.shape[axis]} elements into ${parts} parts`);
  return prepareParts(context, source, axis, new Array<number>(parts).fill(size));
}
