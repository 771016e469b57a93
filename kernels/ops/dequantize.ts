import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { float16Value } from './float16.ts';
import { type IntegerMemory, integerMemory } from './integer-memory.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/**
 * DEQUANTIZE to float32: scale × (q − zeroPoint) of int8, uint8, int16 or int32, rounded once; float16 as it is.
 * Constants, as models with float16 or quantised weights have them, are converted once and count as constants to the
 * operators behind.
 */
export const dequantize: OperatorKernel = { code: Builtin.dequantize, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.input(0) ?? context.refuse('lacks input 0');
  const output = context.output();
  context.requireType(output, TensorType.float32);
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  if (input.constant !== null) return fold(context, input, output, input.constant);
  const source = integerMemory(context, context.activation(0));
  const { scale, zeroPoint } = context.quantisation(input);
  const { float32 } = context.engine;
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) / source.BYTES_PER_ELEMENT;
    const to = addresses.tensor(output.index) / 4;
    return () => {
      for (let i = 0; i < input.elements; i++) float32[to + i] = scale * (source[from + i]! - zeroPoint);
    };
  });
}

function fold(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  constant: Uint8Array,
): PreparedOperator {
  if (context.isModelOutput(output)) context.refuse('makes a constant the output of the model');
  const values = constantValues(context, input, constant);
  context.fold(output, new Uint8Array(values.buffer));
  return plainOperator(() => () => undefined);
}

function constantValues(context: PrepareContext, input: OperatorTensor, constant: Uint8Array): Float32Array {
  const aligned = constant.slice().buffer;
  if (input.tensor.type === TensorType.float16) return Float32Array.from(new Uint16Array(aligned), float16Value);
  const values = integersOf(context, input, aligned);
  const quantisation = input.tensor.quantisation;
  const slices = quantisation?.scale.length ?? 0;
  if (quantisation === null || slices === 0) return context.refuse(`needs a scale for tensor ${input.index}`);
  const { scale, zeroPoint, quantizedDimension } = quantisation;
  // Elements that follow one another within a slice; one scale for all makes the whole tensor one slice.
  const run = input.tensor.shape.slice(quantizedDimension + 1).reduce((product, size) => product * size, 1);
  return Float32Array.from(values, (q, index) => {
    const slice = slices === 1 ? 0 : Math.floor(index / run) % slices;
    return scale[slice]! * (q - zeroPoint[slice]!);
  });
}

function integersOf(context: PrepareContext, input: OperatorTensor, buffer: ArrayBuffer): IntegerMemory {
  const kind = integerMemory(context, input).constructor as new (buffer: ArrayBuffer) => IntegerMemory;
  return new kind(buffer);
}
