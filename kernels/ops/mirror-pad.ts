import { Builtin } from '../tflite/builtin-operator.ts';
import { boxOf } from './box.ts';
import { type Move, prepareMoves } from './moves.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { readPaddings } from './paddings.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { rowMajorSteps } from './shapes.ts';

/** `MirrorPadMode` of the schema: about the outermost element, or with that element repeated. */
const MODES = ['reflect', 'symmetric'] as const;

/** MIRROR_PAD: the input, continued on all sides by its own mirror image. */
export const mirrorPad: OperatorKernel = { code: Builtin.mirrorPad, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const source = context.operand(0);
  const target = context.output();
  const { shape } = source.tensor;
  const mode = MODES[context.option('mode')];
  if (mode === undefined) return context.refuse('has an unknown way to mirror');
  const { before, behind } = readPaddings(context, source, target);
  const skip = mode === 'reflect' ? 1 : 0;
  shape.forEach((size, axis) => {
    if (Math.max(before[axis]!, behind[axis]!) > size - skip) {
      context.refuse(`mirrors more than the ${size} elements of dimension ${axis}`);
    }
  });
  const steps = rowMajorSteps(target.tensor.shape);
  const toOffset = before.reduce((sum, count, axis) => sum + count * steps[axis]!, 0);
  const interior: Move = { source, target, box: boxOf(shape, rowMajorSteps(shape), steps), fromOffset: 0, toOffset };
  return prepareMoves(context, [interior, ...mirrors(shape, target, before, behind, skip)]);
}

/** Within the output, from the last dimension to the first, so that each one mirrors what the ones inside completed. */
function mirrors(
  shape: readonly number[],
  target: OperatorTensor,
  before: readonly number[],
  behind: readonly number[],
  skip: number,
): Move[] {
  const padded = target.tensor.shape;
  const steps = rowMajorSteps(padded);
  const moves: Move[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const step = steps[axis]!;
    const first = before[axis]!;
    const last = first + shape[axis]! - 1;
    const outside = before.reduce((sum, count, outer) => (outer < axis ? sum + count * steps[outer]! : sum), 0);
    const side = (count: number, from: number, to: number): void => {
      if (count === 0) return;
      // Outer dimensions are still without borders, inner ones have theirs.
      const region = shape.map((size, other) => (other < axis ? size : other === axis ? count : padded[other]!));
      const away = steps.map((other, at) => (at === axis ? -other : other));
      const box = boxOf(region, away, steps);
      moves.push({ source: target, target, box, fromOffset: outside + from * step, toOffset: outside + to * step });
    };
    side(first, first + skip + first - 1, 0);
    side(behind[axis]!, last - skip, last + 1);
  }
  return moves;
}
