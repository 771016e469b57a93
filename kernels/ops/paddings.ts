import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { requireShape } from './shapes.ts';

/** Elements before and behind each dimension, from the constant input 1 of shape [rank, 2]; the output agrees. */
export function readPaddings(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
): { readonly before: readonly number[]; readonly behind: readonly number[] } {
  const { shape } = input.tensor;
  const values = context.integers(1);
  if (values.length !== 2 * shape.length) {
    context.refuse(`has ${values.length} paddings for the ${shape.length} dimensions of [${shape}]`);
  }
  if (values.some((value) => value < 0)) context.refuse(`has a negative padding: [${values}]`);
  const before = shape.map((_, axis) => values[2 * axis]!);
  const behind = shape.map((_, axis) => values[2 * axis + 1]!);
  const padded = shape.map((size, axis) => before[axis]! + size + behind[axis]!);
  requireShape(context, output, padded);
  return { before, behind };
}
