import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import { type BoundAddresses, type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { svdfFloat32 } from './svdf-float32.ts';
import { type SvdfInt8Tensors, type SvdfShape, svdfInt8 } from './svdf-int8.ts';

const RELU = 1;

/** Ranges of NONE, RELU, RELU_N1_TO_1 and RELU6 on real numbers. */
const CLAMPS: readonly (readonly [number, number])[] = [
  [-Infinity, Infinity],
  [0, Infinity],
  [-1, 1],
  [0, 6],
];

/** The operands of one layer; bias may be left out. */
interface Operands {
  readonly input: OperatorTensor;
  readonly features: OperatorTensor;
  readonly time: OperatorTensor;
  readonly bias: OperatorTensor | null;
  readonly state: OperatorTensor;
  readonly output: OperatorTensor;
}

/**
 * SVDF: a dense layer over the last steps of a stream, factored over features and time (Alvarez and Park,
 * arXiv 1812.02802); int8 with an int16 or int8 state, or float32. The state is a variable of the model.
 */
export const svdf: OperatorKernel = { code: Builtin.svdf, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(5, 5);
  const operands: Operands = {
    input: context.operand(0),
    features: context.operand(1),
    time: context.operand(2),
    bias: context.input(3) === null ? null : context.operand(3),
    state: context.variable(4),
    output: context.output(),
  };
  const shape = shapeOf(context, operands);
  const { type } = operands.input.tensor;
  let bind: (addresses: BoundAddresses) => () => void;
  if (type === TensorType.int8) bind = prepareInt8(context, shape, operands);
  else if (type === TensorType.float32) bind = prepareFloat32(context, shape, operands);
  else return context.refuse('takes an input that is neither int8 nor float32');
  const multiplyAdds = shape.batches * shape.filters * (shape.inputs + shape.memory);
  return plainOperator(bind, { multiplyAdds });
}

function shapeOf(context: PrepareContext, { input, features, time, bias, state, output }: Operands): SvdfShape {
  const rank = context.option('rank');
  const [batches, inputs] = matrixShape(context, input);
  const [filters, width] = matrixShape(context, features);
  const [rows, memory] = matrixShape(context, time);
  const units = filters / rank;
  if (!(rank >= 1 && Number.isInteger(units))) context.refuse(`has ${filters} filters of rank ${rank}`);
  const fits = width === inputs && rows === filters && (bias === null || bias.elements === units);
  if (!fits || state.elements !== batches * filters * memory || output.elements !== batches * units) {
    const shapes = [input, features, time, state, output].map(({ tensor }) => `[${tensor.shape}]`).join(' ');
    context.refuse(`has operands that do not fit one another: ${shapes} and a bias of ${bias?.elements ?? 0}`);
  }
  return { batches, inputs, filters, rank, memory };
}

function matrixShape(context: PrepareContext, { tensor }: OperatorTensor): [number, number] {
  const [rows, columns] = tensor.shape;
  if (tensor.shape.length !== 2) context.refuse(`has the shape [${tensor.shape}] where it takes a matrix`);
  return [rows!, columns!];
}

function prepareInt8(context: PrepareContext, shape: SvdfShape, operands: Operands) {
  const { input, features, time, bias, state, output } = operands;
  const stateType = state.tensor.type === TensorType.int8 ? TensorType.int8 : TensorType.int16;
  for (const tensor of [features, output]) context.requireType(tensor, TensorType.int8);
  for (const tensor of [time, state]) context.requireType(tensor, stateType);
  if (bias !== null) context.requireType(bias, TensorType.int32);
  // What TFLite does as well: the clamp of int8 is the activation, and exporters write RELU for it.
  if (context.option('fusedActivation') !== RELU) context.refuse('has another activation than RELU');
  for (const tensor of [features, time, state]) {
    const { zeroPoint } = context.quantisation(tensor);
    if (zeroPoint !== 0) context.refuse(`has the zero point ${zeroPoint} where it takes 0 (${tensor.tensor.name})`);
  }
  const layer = {
    ...shape,
    inputZeroPoint: context.quantisation(input).zeroPoint,
    outputZeroPoint: context.quantisation(output).zeroPoint,
    featureMultiplier: multiplierOf(context, input, features, state),
    timeMultiplier: multiplierOf(context, state, time, output),
  };
  const { buffer } = context.engine.uint8;
  return ({ tensor }: BoundAddresses): (() => void) => {
    const cells = ({ index, elements }: OperatorTensor): Int8Array | Int16Array => {
      if (stateType === TensorType.int8) return new Int8Array(buffer, tensor(index), elements);
      return new Int16Array(buffer, tensor(index), elements);
    };
    const tensors: SvdfInt8Tensors = {
      input: new Int8Array(buffer, tensor(input.index), input.elements),
      features: new Int8Array(buffer, tensor(features.index), features.elements),
      time: cells(time),
      bias: bias === null ? null : new Int32Array(buffer, tensor(bias.index), bias.elements),
      state: cells(state),
      output: new Int8Array(buffer, tensor(output.index), output.elements),
    };
    return () => svdfInt8(layer, tensors);
  };
}

function prepareFloat32(context: PrepareContext, shape: SvdfShape, operands: Operands) {
  const { input, features, time, bias, state, output } = operands;
  if (features.tensor.type !== TensorType.float32) context.refuse('is hybrid: quantise its input as well');
  for (const tensor of [features, time, state, output]) context.requireType(tensor, TensorType.float32);
  if (bias !== null) context.requireType(bias, TensorType.float32);
  const clamp = CLAMPS[context.option('fusedActivation')];
  if (clamp === undefined) return context.refuse('has a fused activation that is not a clamp');
  const layer = { ...shape, activationMin: clamp[0], activationMax: clamp[1] };
  const { buffer } = context.engine.uint8;
  return ({ tensor }: BoundAddresses): (() => void) => {
    const view = ({ index, elements }: OperatorTensor) => new Float32Array(buffer, tensor(index), elements);
    const tensors = {
      input: view(input),
      features: view(features),
      time: view(time),
      bias: bias === null ? null : view(bias),
      state: view(state),
      output: view(output),
    };
    return () => svdfFloat32(layer, tensors);
  };
}

/** s_a × s_b / s_to, rounded to float32 after each step as TFLite's `Prepare` does. */
function multiplierOf(
  context: PrepareContext,
  a: OperatorTensor,
  b: OperatorTensor,
  to: OperatorTensor,
): QuantisedMultiplier {
  const scales = [a, b, to].map((tensor) => context.quantisation(tensor).scale);
  const factor = Math.fround(Math.fround(scales[0]! * scales[1]!) / scales[2]!);
  if (!(factor > 0 && factor < Infinity)) context.refuse(`changes the scale by a factor of ${factor}`);
  return quantiseMultiplier(factor);
}
