import type { Numerics } from '../../numerics.ts';
import { TensorType } from '../../tflite/tensor-type.ts';
import { activationBounds, activationRange } from '../activation.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import { unpackInt4 } from '../int4.ts';
import { type PreparedOperator, plainOperator } from '../operator.ts';
import type { OperatorTensor, PrepareContext } from '../prepare-context.ts';
import { type WeightTensor, weightScales } from '../weights.ts';
import { floatBias, integerBias } from './bias.ts';
import { type ConvolutionPlan, convolveFloats, convolveIntegers, type IntegerConvolution } from './convolve.ts';
import { channelRequantiser } from './scales.ts';
import type { Taps } from './taps.ts';

/** One operator of the convolution family, whatever its order of operands and layout of weights. */
export interface PlainLayer {
  readonly geometry: ConvolutionGeometry;
  readonly taps: Taps;
  readonly input: OperatorTensor;
  readonly weights: WeightTensor;
  readonly biasPosition: number;
  readonly output: OperatorTensor;
  /** Dimension of the weights that counts output channels; the others follow in the order of the products. */
  readonly channelDimension: 0 | 3;
  /** FULLY_CONNECTED in TFLite multiplies the scales of input and weights in float32, the others in double. */
  readonly singleProduct: boolean;
  /** How int8 sums are rounded: what the interpreter was asked for, unless XNNPACK does not take this layer. */
  readonly numerics: Numerics;
}

/** Prepares the plain path for the types that the layer's tensors have. */
export function preparePlainLayer(context: PrepareContext, layer: PlainLayer): PreparedOperator {
  const { geometry, channelDimension } = layer;
  const plan: ConvolutionPlan = {
    geometry,
    taps: layer.taps,
    channelStride: channelDimension === 0 ? geometry.filterHeight * geometry.filterWidth * geometry.filterChannels : 1,
    tapStride: channelDimension === 0 ? geometry.filterChannels : geometry.outputChannels,
  };
  context.requireType(layer.output, layer.input.tensor.type);
  switch (layer.input.tensor.type) {
    case TensorType.float32:
      return prepareFloats(context, layer, plan);
    case TensorType.int16:
      return prepareIntegers(context, layer, plan, context.engine.int16);
    default:
      context.requireType(layer.input, TensorType.int8);
      return prepareIntegers(context, layer, plan, context.engine.int8);
  }
}

function prepareIntegers(
  context: PrepareContext,
  layer: PlainLayer,
  plan: ConvolutionPlan,
  memory: Int8Array | Int16Array,
): PreparedOperator {
  const { input, output, geometry } = layer;
  const wide = input.tensor.type === TensorType.int16;
  const from = context.quantisation(input);
  const to = context.quantisation(output);
  if (wide && (from.zeroPoint !== 0 || to.zeroPoint !== 0)) context.refuse('has int16 values with a zero point');
  const wideBias = layer.channelDimension === 3 ? 'int64' : 'int32 or int64';
  const { bias, bits } = integerBias(context, geometry.outputChannels, layer.biasPosition, wide ? wideBias : null);
  const scales = weightScales(context, layer.weights, geometry.outputChannels, layer.channelDimension);
  const [activationMin, activationMax] = activationRange(context, to, output.tensor.type, layer.numerics);
  const range = { zeroPoint: to.zeroPoint, activationMin, activationMax };
  const form = {
    numerics: layer.numerics,
    single: layer.singleProduct && layer.weights.tensor.quantisation!.scale.length === 1,
    wide,
    bits,
  };
  const convolution: IntegerConvolution = {
    ...plan,
    weights: integerWeights(context, layer.weights, wide),
    bias,
    inputZeroPoint: from.zeroPoint,
    requantiser: channelRequantiser(context, { input: from.scale, weights: scales, output: to.scale }, range, form),
  };
  const size = memory.BYTES_PER_ELEMENT;
  return plainOperator(
    (addresses) => {
      const source = addresses.tensor(input.index) / size;
      const target = addresses.tensor(output.index) / size;
      return () => convolveIntegers(convolution, memory, source, memory, target);
    },
    { multiplyAdds: geometry.multiplyAdds },
  );
}

/** int8 weights are read where the file lies; int4 ones are unpacked into the engine's memory, where they count. */
function integerWeights(context: PrepareContext, weights: WeightTensor, wide: boolean): Int8Array {
  const { constant } = weights;
  if (weights.tensor.type !== TensorType.int4 || wide) {
    context.requireType(weights, TensorType.int8);
    return new Int8Array(constant.buffer, constant.byteOffset, constant.length);
  }
  const values = new Int8Array(context.engine.uint8.buffer, context.persistent(weights.elements), weights.elements);
  unpackInt4(constant, values);
  return values;
}

function prepareFloats(context: PrepareContext, layer: PlainLayer, plan: ConvolutionPlan): PreparedOperator {
  const { input, output, weights, geometry } = layer;
  context.requireType(weights, TensorType.float32);
  const memory = context.engine.float32;
  const address = context.persistent(weights.constant.length);
  context.engine.uint8.set(weights.constant, address);
  const [activationMin, activationMax] = activationBounds(context);
  const convolution = {
    ...plan,
    weights: memory.subarray(address / 4, address / 4 + weights.elements),
    bias: floatBias(context, geometry.outputChannels, layer.biasPosition),
    activationMin,
    activationMax,
  };
  return plainOperator(
    (addresses) => {
      const source = addresses.tensor(input.index) / 4;
      const target = addresses.tensor(output.index) / 4;
      return () => convolveFloats(convolution, memory, source, target);
    },
    { multiplyAdds: geometry.multiplyAdds },
  );
}
