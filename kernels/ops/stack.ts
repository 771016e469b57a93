import { boxOf } from './box.ts';
import { prepareMoves } from './moves.ts';
import type { PreparedOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { requireShape, resolveAxis, rowMajorSteps } from './shapes.ts';

/** Refuses unless the options name as many slices as there are. */
export function requireCount(context: PrepareContext, named: number, count: number): void {
  if (named !== count || count === 0) context.refuse(`speaks of ${named} slices and has ${count}`);
}

/** Between a whole [.., parts, ..] and its parts [.., ..], one way or the other. */
export function prepareStack(
  context: PrepareContext,
  whole: OperatorTensor,
  parts: readonly OperatorTensor[],
  way: 'pack' | 'unpack',
): PreparedOperator {
  const { shape } = whole.tensor;
  const axis = resolveAxis(context, context.option('axis'), shape.length);
  if (shape[axis] !== parts.length) context.refuse(`has ${parts.length} slices along dimension ${axis} of [${shape}]`);
  const slice = shape.toSpliced(axis, 1);
  const steps = rowMajorSteps(shape);
  const wholeSteps = steps.toSpliced(axis, 1);
  const partSteps = rowMajorSteps(slice);
  const moves = parts.map((part, index) => {
    requireShape(context, part, slice);
    const offset = index * steps[axis]!;
    if (way === 'pack') {
      const box = boxOf(slice, partSteps, wholeSteps);
      return { source: part, target: whole, box, fromOffset: 0, toOffset: offset };
    }
    return { source: whole, target: part, box: boxOf(slice, wholeSteps, partSteps), fromOffset: offset, toOffset: 0 };
  });
  return prepareMoves(context, moves);
}
