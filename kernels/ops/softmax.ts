import { exp } from '../math/exp.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';

/** Output quantisation that the TFLite int8 specification fixes for SOFTMAX and LOGISTIC. */
export const PROBABILITY_SCALE = 1 / 256;
export const PROBABILITY_ZERO_POINT = -128;

/**
 * SOFTMAX over the last dimension, int8, in the float32 table form of TFLite's optimised kernel
 * (optimized_ops.h, `PopulateSoftmaxLookupTable` and `Softmax<In, Out>`): every float32 step rounds once, in its order.
 */
export const softmax: OperatorKernel = { code: Builtin.softmax, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  context.requireType(input, TensorType.int8);
  context.requireType(output, TensorType.int8);
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  const { scale, zeroPoint } = context.quantisation(output);
  if (scale !== PROBABILITY_SCALE || zeroPoint !== PROBABILITY_ZERO_POINT) {
    context.refuse(`has the output scale ${scale} and zero point ${zeroPoint} instead of 1/256 and -128`);
  }
  const beta = context.option('beta');
  if (!Number.isFinite(beta) || beta <= 0) context.refuse(`has beta ${beta}`);
  const table = exponentials(context.quantisation(input).scale, beta);
  const classes = input.tensor.shape.at(-1) ?? 1;
  const { engine } = context;
  return {
    multiplyAdds: 0,
    adaptable: false,
    bind(addresses) {
      const from = addresses.tensor(input.index);
      const to = addresses.tensor(output.index);
      return {
        adapterPoint: null,
        eval() {
          for (let at = 0; at < input.elements; at += classes) softmaxRow(engine, table, from + at, to + at, classes);
        },
      };
    },
  };
}

/** table[255 − d] = e^(−d × scale × beta) for a distance d below the maximum. */
function exponentials(inputScale: number, beta: number): Float32Array {
  const factor = -Math.fround(inputScale * Math.fround(beta));
  return Float32Array.from({ length: 256 }, (_, index) => exp(Math.fround(factor * (255 - index))));
}

function softmaxRow(engine: WasmEngine, table: Float32Array, from: number, to: number, classes: number): void {
  const memory = engine.int8;
  let highest = -128;
  for (let i = 0; i < classes; i++) highest = Math.max(highest, memory[from + i]!);
  const origin = 255 - highest;
  let sum = 0;
  for (let i = 0; i < classes; i++) sum = Math.fround(sum + table[origin + memory[from + i]!]!);
  const inverse = Math.fround(1 / Math.fround(sum * PROBABILITY_SCALE));
  for (let i = 0; i < classes; i++) {
    const rescaled = Math.fround(table[origin + memory[from + i]!]! * inverse);
    // Half away from zero like std::round; the value is not negative.
    memory[to + i] = Math.min(127, Math.floor(rescaled + 0.5) + PROBABILITY_ZERO_POINT);
  }
}
