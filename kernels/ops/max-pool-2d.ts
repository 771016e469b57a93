import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { activationRange } from './activation.ts';
import { builtinActivationRange } from './builtin-activation.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import { typedMemory } from './pool-types.ts';
import { type PoolWindows, readWindows, visitWindows } from './pool-window.ts';
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
  const { channels } = windows;
  const visit =
    input.tensor.type === TensorType.int8
      ? greatestInt8(context.engine.int8, channels, lowest, highest)
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
  if (byXnnpack) return activationRange(context, context.quantisation(output));
  return builtinActivationRange(context, output);
}

type Visit = (from: number, rows: number, step: number, pixels: number, to: number) => void;

/** The maximum grows in the output itself. A function of its own per kind of memory keeps V8's loops monomorphic. */
function greatestInt8(memory: Int8Array, channels: number, lowest: number, highest: number): Visit {
  return (from, rows, step, pixels, to) => {
    for (let c = 0; c < channels; c++) memory[to + c] = lowest;
    for (let row = 0; row < rows; row++) {
      const first = from + row * step;
      for (let at = first; at < first + pixels * channels; at += channels) {
        for (let c = 0; c < channels; c++) {
          const value = memory[at + c]!;
          if (value > memory[to + c]!) memory[to + c] = value;
        }
      }
    }
    if (highest === 127) return;
    for (let c = 0; c < channels; c++) if (memory[to + c]! > highest) memory[to + c] = highest;
  };
}

function greatest(memory: Int16Array | Float32Array, channels: number, lowest: number, highest: number): Visit {
  return (from, rows, step, pixels, to) => {
    for (let c = 0; c < channels; c++) memory[to + c] = lowest;
    for (let row = 0; row < rows; row++) {
      const first = from + row * step;
      for (let at = first; at < first + pixels * channels; at += channels) {
        for (let c = 0; c < channels; c++) memory[to + c] = Math.max(memory[to + c]!, memory[at + c]!);
      }
    }
    for (let c = 0; c < channels; c++) memory[to + c] = Math.min(memory[to + c]!, highest);
  };
}
