import { Builtin } from '../tflite/builtin-operator.ts';
import { boxOf } from './box.ts';
import { prepareMoves } from './moves.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { requireShape, resolveAxis, rowMajorSteps } from './shapes.ts';

/** TRANSPOSE: dimension `axis` of the output is dimension `permutation[axis]` of the input; any number of them. */
export const transpose: OperatorKernel = { code: Builtin.transpose, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const source = context.operand(0);
  const target = context.output();
  const { shape } = source.tensor;
  const permutation = context.integers(1).map((axis) => resolveAxis(context, axis, shape.length));
  if (permutation.length !== shape.length || new Set(permutation).size !== shape.length) {
    context.refuse(`permutes the ${shape.length} dimensions of [${shape}] by [${permutation}]`);
  }
  const turned = permutation.map((axis) => shape[axis]!);
  requireShape(context, target, turned);
  const steps = rowMajorSteps(shape);
  const from = permutation.map((axis) => steps[axis]!);
  const box = boxOf(turned, from, rowMajorSteps(turned));
  return prepareMoves(context, [{ source, target, box, fromOffset: 0, toOffset: 0 }]);
}
