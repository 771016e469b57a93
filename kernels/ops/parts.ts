import { boxOf } from './box.ts';
import { type Move, prepareMoves } from './moves.ts';
import type { PreparedOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { requireShape, resolveAxis, rowMajorSteps } from './shapes.ts';

/** Refuses unless there are `inputs` inputs and as many outputs as the options name. */
export function requireParts(context: PrepareContext, inputs: number): void {
  if (context.inputCount !== inputs || context.outputCount === 0) context.refuse(`has ${context.inputCount} inputs`);
  const named = context.option('numSplits');
  if (named !== context.outputCount) context.refuse(`makes ${named} parts for ${context.outputCount} outputs`);
}

/** The axis of `source` that the constant input `position` holds. */
export function oneAxis(context: PrepareContext, position: number, source: OperatorTensor): number {
  const [axis, ...more] = context.integers(position);
  if (axis === undefined || more.length > 0) return context.refuse('needs one axis');
  return resolveAxis(context, axis, source.tensor.shape.length);
}

/** Cuts `source` along `axis` into one output after the other. */
export function prepareParts(
  context: PrepareContext,
  source: OperatorTensor,
  axis: number,
  sizes: readonly number[],
): PreparedOperator {
  const { shape } = source.tensor;
  if (sizes.some((size) => size < 1) || sizes.reduce((sum, size) => sum + size, 0) !== shape[axis]) {
    context.refuse(`splits the ${shape[axis]} elements of dimension ${axis} into [${sizes}]`);
  }
  const steps = rowMajorSteps(shape);
  let at = 0;
  const moves = sizes.map((size, part): Move => {
    const target = context.output(part);
    const region = shape.with(axis, size);
    requireShape(context, target, region);
    const fromOffset = at * steps[axis]!;
    at += size;
    return { source, target, box: boxOf(region, steps, rowMajorSteps(region)), fromOffset, toOffset: 0 };
  });
  return prepareMoves(context, moves);
}
