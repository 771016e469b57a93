import { Builtin } from '../tflite/builtin-operator.ts';
import { prepareMoves } from './moves.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { requireShape, rowMajorSteps } from './shapes.ts';
import { readSliceEntries, type SliceEntry } from './slice-entries.ts';

/** What is taken of one dimension: `count` elements from `start` on, `stride` apart. */
interface Taken {
  readonly start: number;
  readonly stride: number;
  readonly count: number;
  /** Whether the output has this dimension; one that shrinks away has a count of 1. */
  readonly kept: boolean;
}

/** STRIDED_SLICE: input[begin : end : stride, …] with Python's meaning of negative numbers, and the five masks. */
export const stridedSlice: OperatorKernel = { code: Builtin.stridedSlice, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(4, 4);
  const source = context.operand(0);
  const target = context.output();
  const { shape } = source.tensor;
  const entries = readSliceEntries(context, shape.length);
  const steps = rowMajorSteps(shape);
  const box: { count: number; from: number }[] = [];
  const sliced: number[] = [];
  let fromOffset = 0;
  let axis = 0;
  for (const entry of entries) {
    if (entry === 'newAxis') {
      sliced.push(1);
      continue;
    }
    const taken = take(context, entry, shape[axis]!);
    fromOffset += taken.start * steps[axis]!;
    box.push({ count: taken.count, from: taken.stride * steps[axis]! });
    if (taken.kept) sliced.push(taken.count);
    axis++;
  }
  requireShape(context, target, sliced);
  const to = rowMajorSteps(box.map(({ count }) => count));
  const copy = box.map((dimension, at) => ({ ...dimension, to: to[at]! }));
  return prepareMoves(context, [{ source, target, box: copy, fromOffset, toOffset: 0 }]);
}

/** Clamped as TFLite does (strided_slice_logic.h, `StridedSliceStartForAxis` and `StridedSliceEndForAxis`). */
function take(context: PrepareContext, entry: Exclude<SliceEntry, 'newAxis'>, size: number): Taken {
  const { stride, shrinks } = entry;
  if (stride === 0) context.refuse('has a stride of 0');
  const forward = stride > 0;
  const clamp = (index: number): number => {
    const counted = index < 0 ? index + size : index;
    return forward ? Math.max(0, Math.min(size, counted)) : Math.max(-1, Math.min(size - 1, counted));
  };
  const start = entry.begin === null ? (forward ? 0 : size - 1) : clamp(entry.begin);
  if (shrinks) {
    const outside = entry.begin !== null && (entry.begin < -size || entry.begin >= size);
    if (!forward || outside) context.refuse(`takes element ${entry.begin} of ${size} by a stride of ${stride}`);
    return { start, stride: 1, count: 1, kept: false };
  }
  const stop = entry.end === null ? (forward ? size : -1) : clamp(entry.end);
  const count = Math.ceil((stop - start) / stride);
  if (count < 1) context.refuse(`takes nothing of ${size} elements: [${entry.begin}:${entry.end}:${stride}]`);
  return { start, stride, count, kept: true };
}
