import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Elements between neighbours along each dimension of a row-major tensor. */
export function rowMajorSteps(shape: readonly number[]): number[] {
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  return steps;
}

export function elementsIn(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Axis of a tensor with `rank` dimensions, −1 being the last one. */
export function resolveAxis(context: PrepareContext, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    context.refuse(`names axis ${axis} of a tensor with ${rank} dimensions`);
  }
  return resolved;
}

/** Refuses a tensor whose shape is not the one that follows from the operator's other tensors and options. */
export function requireShape(
  context: PrepareContext,
  { index, tensor }: OperatorTensor,
  shape: readonly number[],
): void {
  if (tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis])) return;
  context.refuse(`has [${tensor.shape}] as tensor ${index} (${tensor.name}) where [${shape}] follows`);
}
