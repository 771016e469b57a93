import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { POOL_SCALED } from '../wasm/assembly/records.ts';
import { type BoxDimension, mergeBox, walkBox } from './box.ts';
import { prepareCompiledPool, suitsCompiledPool } from './compiled/pool.ts';
import { globalPoolFactors, type MeanOfSum, meanByReference, meanByTflite, meanByXnnpack } from './mean-rounding.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import { summandsMax, typedMemory } from './pool-types.ts';
import type { WindowAxis } from './pool-window.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { elementsIn, requireShape, resolveAxis, rowMajorSteps } from './shapes.ts';

/** MEAN over the axes in the constant input 1, int8, int16 and float32. float32 sums in the order of the input. */
export const mean: OperatorKernel = { code: Builtin.mean, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const input = context.operand(0);
  const output = context.output();
  const { shape, type } = input.tensor;
  context.requireType(output, type);
  const { memory, shift } = typedMemory(context, input);
  const named = context.integers(1);
  const axes = new Set(named.map((axis) => resolveAxis(context, axis, shape.length)));
  const sizes = shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  requireShape(context, output, context.option('keepDims') === 0 ? sizes.filter((_, axis) => !axes.has(axis)) : sizes);
  const count = input.elements / elementsIn(sizes);
  if (suitsCompiledPool(context, input, output) && delegated(shape, named)) {
    return prepareOverPixels(context, input, output, axes);
  }
  const finish =
    type === TensorType.float32 ? finishFloat(count) : finishQuantised(context, input, output, named, count);
  const box = sumBox(shape, axes);
  const sums = context.scratch(4 * output.elements);
  const { float32, int32 } = context.engine;
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) >> shift;
    const to = addresses.tensor(output.index) >> shift;
    const at = addresses.scratch(sums) >> 2;
    const accumulators = type === TensorType.float32 ? float32 : int32;
    const sum = accumulate(memory, accumulators, box);
    return () => {
      accumulators.fill(0, at, at + output.elements);
      sum(from, at);
      for (let index = 0; index < output.elements; index++) memory[to + index] = finish(accumulators[at + index]!);
    };
  });
}

/** XNNPACK's global average pooling, over height and width or over width alone, on the compiled kernels. */
function prepareOverPixels(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  axes: ReadonlySet<number>,
): PreparedOperator {
  const [batch, height, width, channels] = input.tensor.shape as [number, number, number, number];
  const whole = (size: number): WindowAxis => ({ size, filter: size, stride: size, before: 0, windows: 1 });
  const each = (size: number): WindowAxis => ({ size, filter: 1, stride: 1, before: 0, windows: size });
  const rows = axes.has(1) ? whole(height) : each(height);
  const count = rows.filter * width;
  if (count > summandsMax(input.tensor.type)) {
    context.refuse(`averages ${count} values, ${summandsMax(input.tensor.type)} is the most`);
  }
  const { scale } = globalPoolFactors(context.quantisation(input), context.quantisation(output), count);
  const windows = { batch, rows, columns: whole(width), channels, pixelsMax: count };
  return prepareCompiledPool(context, { input, output }, windows, { mode: POOL_SCALED, range: [-128, 127], scale });
}

/** Elements of the input with the steps of their sums, which stand still along the axes that are averaged over. */
function sumBox(shape: readonly number[], axes: ReadonlySet<number>): BoxDimension[] {
  const from = rowMajorSteps(shape);
  const to = rowMajorSteps(shape.map((size, axis) => (axes.has(axis) ? 1 : size)));
  return mergeBox(shape.map((count, axis) => ({ count, from: from[axis]!, to: axes.has(axis) ? 0 : to[axis]! })));
}

type Values = Int8Array | Int16Array | Float32Array;

type Sums = Int32Array | Float32Array;
type Tile = (from: number, to: number) => void;

function accumulate(values: Values, sums: Sums, box: readonly BoxDimension[]): Tile {
  const outer = [...box];
  const columns = outer.pop() ?? { count: 1, from: 1, to: 1 };
  const rows = outer.pop() ?? { count: 1, from: 0, to: 0 };
  if (values instanceof Int8Array && sums instanceof Int32Array && rows.to === 0 && columns.to === 1) {
    return walkBox(outer, (from, to) => addRowsInt8(values, sums, rows, columns.count, from, to));
  }
  const row = walkBox([rows], (from, to) => addRun(values, sums, columns, from, to));
  return walkBox(outer, row);
}

/** The mean over pixels: sums of four channels at a time in local variables, several times as fast as in memory. */
function addRowsInt8(
  values: Int8Array,
  sums: Int32Array,
  { count, from: step }: BoxDimension,
  channels: number,
  from: number,
  to: number,
): void {
  const fours = channels & ~3;
  for (let c = 0; c < fours; c += 4) {
    let sum0 = sums[to + c]!;
    let sum1 = sums[to + c + 1]!;
    let sum2 = sums[to + c + 2]!;
    let sum3 = sums[to + c + 3]!;
    let at = from + c;
    for (let row = 0; row < count; row++) {
      sum0 = (sum0 + values[at]!) | 0;
      sum1 = (sum1 + values[at + 1]!) | 0;
      sum2 = (sum2 + values[at + 2]!) | 0;
      sum3 = (sum3 + values[at + 3]!) | 0;
      at += step;
    }
    sums[to + c] = sum0;
    sums[to + c + 1] = sum1;
    sums[to + c + 2] = sum2;
    sums[to + c + 3] = sum3;
  }
  for (let c = fours; c < channels; c++) {
    for (let row = 0; row < count; row++) sums[to + c]! += values[from + row * step + c]!;
  }
}

/** The last dimension, contiguous in the input, either adds up to one sum or to as many neighbours. */
function addRun(values: Values, sums: Sums, { count, to: step }: BoxDimension, from: number, to: number): void {
  for (let i = 0; i < count; i++) sums[to + i * step]! += values[from + i]!;
}

function finishFloat(count: number): MeanOfSum {
  return (sum) => Math.fround(sum / count);
}

function finishQuantised(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  axes: readonly number[],
  count: number,
): MeanOfSum {
  const { type, shape } = input.tensor;
  if (count > summandsMax(type)) context.refuse(`averages ${count} values, ${summandsMax(type)} is the most`);
  const from = context.quantisation(input);
  const to = context.quantisation(output);
  const [lowest, highest] = type === TensorType.int16 ? [-32768, 32767] : [-128, 127];
  if (type === TensorType.int16 && (from.zeroPoint !== 0 || to.zeroPoint !== 0)) {
    context.refuse('has an int16 tensor with a zero point other than 0');
  }
  const rounding =
    context.numerics === 'reference'
      ? meanByReference(from, to, count)
      : type === TensorType.int8 && delegated(shape, axes)
        ? meanByXnnpack(from, to, count)
        : meanByTflite(from, to, count);
  return (sum) => Math.max(lowest, Math.min(highest, rounding(sum)));
}

/** XNNPACK's delegate takes the axes [1, 2], [2, 1] and [2] of four dimensions, as they are written in the model. */
function delegated(shape: readonly number[], axes: readonly number[]): boolean {
  if (shape.length !== 4) return false;
  if (axes.length === 1) return axes[0] === 2;
  return axes.length === 2 && axes.includes(1) && axes.includes(2);
}
