import { boxOf } from './box.ts';
import { elementBytes } from './element-bytes.ts';
import { bindFill } from './fill.ts';
import { inTurn } from './moves.ts';
import { type PreparedOperator, plainOperator } from './operator.ts';
import { readPaddings } from './paddings.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { rowMajorSteps } from './shapes.ts';
import { bindCopy } from './strided-copy.ts';

/**
 * Input 0 within a border of equal elements, whose bytes are `pattern`. The whole output is filled, then the input is
 * copied into it: two sweeps of memory instead of many small writes.
 */
export function prepareBorder(context: PrepareContext, output: OperatorTensor, pattern: Uint8Array): PreparedOperator {
  const { engine } = context;
  const input = context.operand(0);
  context.requireType(output, input.tensor.type);
  const { before } = readPaddings(context, input, output);
  const bytes = elementBytes(context, input);
  const steps = rowMajorSteps(output.tensor.shape);
  const copy = {
    box: boxOf(input.tensor.shape, rowMajorSteps(input.tensor.shape), steps),
    fromOffset: 0,
    toOffset: before.reduce((sum, count, axis) => sum + count * steps[axis]!, 0),
  };
  return plainOperator((addresses) => {
    const to = addresses.tensor(output.index);
    const fill = bindFill(engine, pattern, to, output.elements * bytes);
    return inTurn([fill, bindCopy(engine, copy, bytes, addresses.tensor(input.index), to)]);
  });
}
