import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Highest rank of operands that are broadcast, as in XNNPACK. */
const RANK_MAX = 6;

/**
 * One run of a binary operator over `count` results in a row. Positions count elements of the operator's type; a step
 * of 0 repeats one value, a step of 1 walks along.
 */
export type BinaryRow = (a: number, aStep: number, b: number, bStep: number, out: number, count: number) => void;

/** A run of neighbouring dimensions along which each operand either walks or repeats. */
interface Axis {
  size: number;
  readonly aStride: number;
  readonly bStride: number;
}

/** How two operands meet: the innermost axis is one row, the others are walked around it, innermost first. */
export interface Broadcast {
  readonly row: Readonly<Axis>;
  readonly outer: readonly Readonly<Axis>[];
}

/**
 * NumPy's broadcasting (shapes aligned at the right, a dimension of 1 repeats), with neighbouring dimensions merged
 * where both operands go on as before: equal shapes, a scalar and a vector along the channels become one or two axes.
 * Refuses what does not meet, or meets in another shape than the output's.
 */
export function planBroadcast(
  context: PrepareContext,
  a: OperatorTensor,
  b: OperatorTensor,
  output: OperatorTensor,
): Broadcast {
  const shapes = [a.tensor.shape, b.tensor.shape, output.tensor.shape] as const;
  const rank = Math.max(shapes[0].length, shapes[1].length, shapes[2].length);
  if (rank > RANK_MAX) context.refuse(`has operands of rank ${rank}, ${RANK_MAX} is the most`);
  const axes: Axis[] = [];
  let [aStride, bStride] = [1, 1];
  for (let fromRight = 1; fromRight <= rank; fromRight++) {
    const [aSize, bSize, size] = shapes.map((shape) => shape.at(-fromRight) ?? 1) as [number, number, number];
    if ((aSize !== size && aSize !== 1) || (bSize !== size && bSize !== 1) || size !== Math.max(aSize, bSize)) {
      context.refuse(`meets [${shapes[0]}] with [${shapes[1]}] and writes [${shapes[2]}]`);
    }
    if (size === 1) continue;
    extend(axes, size, aSize === 1 ? 0 : aStride, bSize === 1 ? 0 : bStride);
    aStride *= aSize;
    bStride *= bSize;
  }
  return { row: axes[0] ?? { size: 1, aStride: 0, bStride: 0 }, outer: axes.slice(1) };
}

/** Adds a dimension outside of the axes so far, or merges it into the last one. */
function extend(axes: Axis[], size: number, aStride: number, bStride: number): void {
  const last = axes.at(-1);
  if (last !== undefined && goesOn(last.aStride, last.size, aStride) && goesOn(last.bStride, last.size, bStride)) {
    last.size *= size;
  } else {
    axes.push({ size, aStride, bStride });
  }
}

/** Whether an operand that walks the last axis with `stride` reaches the next one just by going on. */
function goesOn(stride: number, size: number, next: number): boolean {
  return next === stride * size;
}

/** Makes what one inference does: `row` for every row, from the element positions `a0`, `b0` to `out0`. */
export function walkBroadcast(plan: Broadcast, a0: number, b0: number, out0: number, row: BinaryRow): () => void {
  const { size: count, aStride, bStride } = plan.row;
  const { outer } = plan;
  if (outer.length === 0) return () => row(a0, aStride, b0, bStride, out0, count);
  const rows = outer.reduce((product, { size }) => product * size, 1);
  const at = new Int32Array(outer.length);
  return () => {
    let a = a0;
    let b = b0;
    at.fill(0);
    for (let index = 0; index < rows; index++) {
      row(a, aStride, b, bStride, out0 + index * count, count);
      for (let depth = 0; depth < outer.length; depth++) {
        const axis = outer[depth]!;
        a += axis.aStride;
        b += axis.bStride;
        if (++at[depth]! < axis.size) break;
        at[depth] = 0;
        a -= axis.aStride * axis.size;
        b -= axis.bStride * axis.size;
      }
    }
  };
}
