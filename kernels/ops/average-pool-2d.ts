import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { POOL_AVERAGE } from '../wasm/assembly/records.ts';
import { builtinActivationRange } from './builtin-activation.ts';
import { AVERAGED_MAX, prepareCompiledPool, suitsCompiledPool } from './compiled/pool.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import { summandsMax, typedMemory } from './pool-types.ts';
import { readWindows, visitWindows, type WindowVisitor } from './pool-window.ts';
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
  const range = builtinActivationRange(context, output);
  if (suitsCompiledPool(context, input, output) && windows.pixelsMax <= AVERAGED_MAX) {
    return prepareCompiledPool(context, { input, output }, windows, { mode: POOL_AVERAGE, range });
  }
  const { channels } = windows;
  const visit =
    type === TensorType.int8
      ? meanInt8(context.engine.int8, channels, range)
      : mean(memory as Int16Array | Float32Array, channels, range);
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) >> shift;
    const to = addresses.tensor(output.index) >> shift;
    return () => visitWindows(windows, from, to, visit);
  });
}

/** sum / count, rounded half away from zero; |sum| + count < 2^31. */
export function divideRounding(sum: number, count: number): number {
  const half = count >> 1;
  return ((sum > 0 ? sum + half : sum - half) / count) | 0;
}

type Range = readonly [number, number];

/** Four channels at a time in local variables: four times as fast as adding into memory. */
function meanInt8(memory: Int8Array, channels: number, [lowest, highest]: Range): WindowVisitor {
  const fours = channels & ~3;
  const meanOf = (sum: number, count: number): number =>
    Math.max(lowest, Math.min(highest, divideRounding(sum, count)));
  return (from, rows, step, pixels, to) => {
    const count = rows * pixels;
    for (let c = 0; c < fours; c += 4) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let row = 0; row < rows; row++) {
        const first = from + row * step + c;
        for (let at = first; at < first + pixels * channels; at += channels) {
          sum0 = (sum0 + memory[at]!) | 0;
          sum1 = (sum1 + memory[at + 1]!) | 0;
          sum2 = (sum2 + memory[at + 2]!) | 0;
          sum3 = (sum3 + memory[at + 3]!) | 0;
        }
      }
      memory[to + c] = meanOf(sum0, count);
      memory[to + c + 1] = meanOf(sum1, count);
      memory[to + c + 2] = meanOf(sum2, count);
      memory[to + c + 3] = meanOf(sum3, count);
    }
    for (let c = fours; c < channels; c++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const first = from + row * step + c;
        for (let at = first; at < first + pixels * channels; at += channels) sum = (sum + memory[at]!) | 0;
      }
      memory[to + c] = meanOf(sum, count);
    }
  };
}

function mean(memory: Int16Array | Float32Array, channels: number, [lowest, highest]: Range): WindowVisitor {
  const exact = memory instanceof Int16Array;
  return (from, rows, step, pixels, to) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const first = from + row * step + c;
        for (let at = first; at < first + pixels * channels; at += channels) {
          sum = exact ? sum + memory[at]! : Math.fround(sum + memory[at]!);
        }
      }
      const value = exact ? divideRounding(sum, rows * pixels) : Math.fround(sum / (rows * pixels));
      memory[to + c] = Math.max(lowest, Math.min(highest, value));
    }
  };
}
