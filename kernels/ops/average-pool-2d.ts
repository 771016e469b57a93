import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { builtinActivationRange } from './builtin-activation.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import { summandsMax, typedMemory } from './pool-types.ts';
import { readWindows, visitWindows } from './pool-window.ts';
import type { PrepareContext } from './prepare-context.ts';

/**
 * AVERAGE_POOL_2D, int8, int16 and float32: the mean of what of each window lies inside of the input, on one scale.
 * XNNPACK's delegate leaves quantised ones to TFLite's own kernel (integer_ops/pooling.h, `AveragePool`), so both
 * numerics are the same. float32 sums in the order of the input.
 */
export const averagePool2d: OperatorKernel = { code: Builtin.averagePool2d, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.operand(0);
  const output = context.output();
  const { type } = input.tensor;
  context.requireType(output, type);
  const windows = readWindows(context, input, output);
  const { memory, shift } = typedMemory(context, input);
  if (type !== TensorType.float32 && windows.pixelsMax > summandsMax(type)) {
    context.refuse(`averages ${windows.pixelsMax} pixels, ${summandsMax(type)} is the most`);
  }
  const { int8, int32, float32 } = context.engine;
  const range = builtinActivationRange(context, output);
  const { channels } = windows;
  const handle = context.scratch(4 * channels);
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) >> shift;
    const to = addresses.tensor(output.index) >> shift;
    const sums = addresses.scratch(handle) >> 2;
    const visit =
      type === TensorType.int8
        ? meanInt8(int8, int32, sums, channels, range)
        : type === TensorType.int16
          ? mean(memory as Int16Array, int32, sums, channels, range, divideRounding)
          : mean(memory as Float32Array, float32, sums, channels, range, divideFloat);
    return () => visitWindows(windows, from, to, visit);
  });
}

/** sum / count, rounded half away from zero; |sum| + count < 2^31. */
export function divideRounding(sum: number, count: number): number {
  const half = count >> 1;
  return ((sum > 0 ? sum + half : sum - half) / count) | 0;
}

function divideFloat(sum: number, count: number): number {
  return Math.fround(sum / count);
}

type Visit = (from: number, rows: number, step: number, pixels: number, to: number) => void;
type Range = readonly [number, number];

/** A function of its own keeps V8's loops monomorphic where it matters. */
function meanInt8(memory: Int8Array, accumulators: Int32Array, sums: number, channels: number, range: Range): Visit {
  const [lowest, highest] = range;
  return (from, rows, step, pixels, to) => {
    accumulators.fill(0, sums, sums + channels);
    for (let row = 0; row < rows; row++) {
      const first = from + row * step;
      for (let at = first; at < first + pixels * channels; at += channels) {
        for (let c = 0; c < channels; c++) accumulators[sums + c]! += memory[at + c]!;
      }
    }
    const count = rows * pixels;
    for (let c = 0; c < channels; c++) {
      const value = divideRounding(accumulators[sums + c]!, count);
      memory[to + c] = Math.max(lowest, Math.min(highest, value));
    }
  };
}

function mean(
  memory: Int16Array | Float32Array,
  accumulators: Int32Array | Float32Array,
  sums: number,
  channels: number,
  [lowest, highest]: Range,
  divide: (sum: number, count: number) => number,
): Visit {
  return (from, rows, step, pixels, to) => {
    accumulators.fill(0, sums, sums + channels);
    for (let row = 0; row < rows; row++) {
      const first = from + row * step;
      for (let at = first; at < first + pixels * channels; at += channels) {
        // A float32 accumulator rounds each sum when it is stored.
        for (let c = 0; c < channels; c++) accumulators[sums + c]! += memory[at + c]!;
      }
    }
    for (let c = 0; c < channels; c++) {
      const value = divide(accumulators[sums + c]!, rows * pixels);
      memory[to + c] = Math.max(lowest, Math.min(highest, value));
    }
  };
}
