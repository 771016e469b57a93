import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { POOL_GREATEST } from '../wasm/assembly/records.ts';
import { activationRange } from './activation.ts';
import { builtinActivationRange } from './builtin-activation.ts';
import { prepareCompiledPool, suitsCompiledPool } from './compiled/pool.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import { typedMemory } from './pool-types.ts';
import { type PoolWindows, readWindows, visitWindows, type WindowVisitor } from './pool-window.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** MAX_POOL_2D, int8, int16 and float32: the greatest value of each window, input and output on one scale. */
export const maxPool2d: OperatorKernel = { code: Builtin.maxPool2d, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.operand(0);
  const output = context.output();
  context.requireType(output, input.tensor.type);
  const windows = readWindows(context, input, output);
  const { memory, shift } = typedMemory(context, input);
  const [lowest, highest] = clampRange(context, output, windows);
  if (suitsCompiledPool(context, input, output)) {
    const rounding = { mode: POOL_GREATEST, range: [lowest, highest] } as const;
    return prepareCompiledPool(context, { input, output }, windows, rounding);
  }
  const { channels } = windows;
  const visit =
    input.tensor.type === TensorType.int8
      ? greatestInt8(context.engine.int8, channels, lowest | 0, highest | 0)
      : greatest(memory as Int16Array | Float32Array, channels, lowest, highest);
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) >> shift;
    const to = addresses.tensor(output.index) >> shift;
    return () => visitWindows(windows, from, to, visit);
  });
}

/** XNNPACK runs it for int8, unless a filter of 1 × 1 skips pixels; the rest is TFLite's own. */
function clampRange(context: PrepareContext, output: OperatorTensor, windows: PoolWindows): readonly [number, number] {
  const { rows, columns } = windows;
  const skips = rows.filter * columns.filter === 1 && rows.stride * columns.stride > 1;
  const byXnnpack = context.numerics === 'fp32-rne' && output.tensor.type === TensorType.int8 && !skips;
  const range = byXnnpack ? activationRange(context, context.quantisation(output)) : null;
  // XNNPACK takes no range of a single value, which a scale beyond 12 makes of RELU6: TFLite runs that pool itself.
  return range !== null && range[0] < range[1] ? range : builtinActivationRange(context, output);
}

/** Small integers only: `Math.max` has to mind signed zeros as long as V8 has not seen that there are none. */
function greater(a: number, b: number): number {
  return a > b ? a : b;
}

/** Four channels at a time in local variables, which is several times as fast as comparing with memory. */
function greatestInt8(memory: Int8Array, channels: number, lowest: number, highest: number): WindowVisitor {
  const fours = channels & ~3;
  return (from, rows, step, pixels, to) => {
    for (let c = 0; c < fours; c += 4) {
      let max0 = lowest;
      let max1 = lowest;
      let max2 = lowest;
      let max3 = lowest;
      for (let row = 0; row < rows; row++) {
        const first = from + row * step + c;
        for (let at = first; at < first + pixels * channels; at += channels) {
          max0 = greater(max0, memory[at]!);
          max1 = greater(max1, memory[at + 1]!);
          max2 = greater(max2, memory[at + 2]!);
          max3 = greater(max3, memory[at + 3]!);
        }
      }
      memory[to + c] = Math.min(highest, max0);
      memory[to + c + 1] = Math.min(highest, max1);
      memory[to + c + 2] = Math.min(highest, max2);
      memory[to + c + 3] = Math.min(highest, max3);
    }
    for (let c = fours; c < channels; c++) {
      let max = lowest;
      for (let row = 0; row < rows; row++) {
        const first = from + row * step + c;
        for (let at = first; at < first + pixels * channels; at += channels) max = greater(max, memory[at]!);
      }
      memory[to + c] = Math.min(highest, max);
    }
  };
}

function greatest(memory: Int16Array | Float32Array, channels: number, lowest: number, highest: number): WindowVisitor {
  return (from, rows, step, pixels, to) => {
    for (let c = 0; c < channels; c++) {
      let max = lowest;
      for (let row = 0; row < rows; row++) {
        const first = from + row * step + c;
        for (let at = first; at < first + pixels * channels; at += channels) max = Math.max(max, memory[at]!);
      }
      memory[to + c] = Math.min(highest, max);
    }
  };
}
