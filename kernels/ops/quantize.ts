import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { type IntegerMemory, integerMemory, integerRange } from './integer-memory.ts';
import { prepareLookup } from './lookup.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { quantiseAway, quantiseEven } from './quantise-float.ts';
import { nativeRequantiser, referenceRequantiser } from './requantise.ts';

/** QUANTIZE: float32 or another quantisation to int8, uint8, int16 or int32. */
export const quantize: OperatorKernel = { code: Builtin.quantize, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  const memory = integerMemory(context, output);
  if (input.tensor.type === TensorType.float32) return fromFloat(context, input, output, memory);
  return fromInteger(context, input, output, memory);
}

/** XNNPACK quantises to 8 bits; TFLite's own kernel, which rounds otherwise, does the rest and all `reference`. */
function fromFloat(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  memory: IntegerMemory,
): PreparedOperator {
  const { type } = output.tensor;
  if (type === TensorType.int32) context.refuse('quantises to int32: export int8 or int16');
  const native = context.numerics !== 'reference' && type !== TensorType.int16;
  const quantise = native ? quantiseEven : quantiseAway;
  const quantisation = context.quantisation(output);
  const range = integerRange(type);
  const { float32 } = context.engine;
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) / 4;
    const to = addresses.tensor(output.index) / memory.BYTES_PER_ELEMENT;
    return () => quantise(float32, from, memory, to, input.elements, quantisation, range);
  });
}

/** int8 to int8 as XNNPACK where it takes the scales, everything else as TFLite's own kernel. */
function fromInteger(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  memory: IntegerMemory,
): PreparedOperator {
  const source = integerMemory(context, input);
  const [from, to] = [context.quantisation(input), context.quantisation(output)];
  const [lowest, highest] = integerRange(output.tensor.type);
  const narrow = input.tensor.type === TensorType.int8 && output.tensor.type === TensorType.int8;
  const native = narrow && context.numerics !== 'reference' ? nativeRequantiser(from, to) : null;
  const wide = input.tensor.type === TensorType.int32;
  const requantised = native ?? referenceRequantiser(context, from, to, wide);
  const value = (q: number) => Math.max(lowest, Math.min(highest, requantised(q)));
  if (narrow) return prepareLookup(context, input, output, value);
  return plainOperator((addresses) => {
    const first = addresses.tensor(input.index) / source.BYTES_PER_ELEMENT;
    const target = addresses.tensor(output.index) / memory.BYTES_PER_ELEMENT;
    return () => {
      for (let i = 0; i < input.elements; i++) memory[target + i] = value(source[first + i]!);
    };
  });
}
