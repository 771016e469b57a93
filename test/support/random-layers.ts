import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { type ModelBuilder, perChannel, perTensor, randomInt8 } from './models.ts';

/** Where a network that is being built has got to: its last tensor. */
export interface Front {
  readonly index: number;
  /** [batch, height, width, channels] for images, [batch, features] behind them. */
  readonly shape: readonly number[];
  readonly quantisation: Quantisation;
}

/** What every layer is made with. */
export interface Layers {
  readonly builder: ModelBuilder;
  readonly random: () => number;
}

export interface ConvolutionShape {
  /** [height, width] of each. */
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Schema numbering: 0 = SAME, 1 = VALID. */
  readonly padding: number;
  /** `ActivationFunctionType`: 0 NONE, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6. */
  readonly activation: number;
  readonly perChannel: boolean;
}

/** Standard deviation of uniform int8 values, and the one that results are brought to. */
const UNIFORM_DEVIATION = 74;
const WANTED_DEVIATION = 60;

export function pickFrom<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

export function randomQuantisation(random: () => number): Quantisation {
  return perTensor(Math.fround(0.01 + random() * 0.05), Math.floor(random() * 60) - 30);
}

/** Values along one axis of a convolution's or pool's output; below 1 when the kernel does not fit. */
export function outputLength(length: number, kernel: number, stride: number, dilation: number, padding: number) {
  return Math.ceil((padding === 0 ? length : length - (kernel - 1) * dilation) / stride);
}

function imageOf(front: Front, channels: number, { kernel, stride, dilation, padding }: ConvolutionShape): number[] {
  const [batch, height, width] = front.shape;
  return [
    batch!,
    outputLength(height!, kernel[0], stride[0], dilation[0], padding),
    outputLength(width!, kernel[1], stride[1], dilation[1], padding),
    channels,
  ];
}

/**
 * Weights and bias whose products over `depth` inputs spread over the output's int8 range. The scales of weights along
 * `dimension` differ by up to a factor of 3 when they are per channel.
 *
 * @param shape of the weights; its entry `dimension` is the number of channels
 */
function weightsAndBias(
  { builder, random }: Layers,
  shape: readonly number[],
  dimension: number,
  depth: number,
  ends: { readonly from: Quantisation; readonly to: Quantisation; readonly perChannel: boolean },
): [weights: number, bias: number] {
  const channels = shape[dimension]!;
  const [inputScale, outputScale] = [ends.from.scale[0]!, ends.to.scale[0]!];
  const spread = inputScale * UNIFORM_DEVIATION * UNIFORM_DEVIATION * Math.sqrt(depth);
  const typical = (outputScale * WANTED_DEVIATION) / spread;
  const scales = Array.from({ length: ends.perChannel ? channels : 1 }, () => Math.fround(typical * (0.5 + random())));
  const elements = shape.reduce((product, length) => product * length, 1);
  // The specification of int8 weights leaves −128 out.
  const values = randomInt8(random, elements).map((value) => Math.max(-127, value));
  const weights = builder.int8(shape, { ...perChannel(scales), quantizedDimension: dimension }, values);
  const biasScales = scales.map((scale) => Math.fround(inputScale * scale));
  const offset = UNIFORM_DEVIATION * UNIFORM_DEVIATION * Math.sqrt(depth);
  const biases = Int32Array.from({ length: channels }, () => Math.round((random() - 0.5) * offset));
  return [weights, builder.tensor(TensorType.int32, [channels], perChannel(biasScales), biases)];
}

const optionsOf = ({ stride, dilation, padding, activation }: ConvolutionShape) => ({
  padding,
  strideH: stride[0],
  strideW: stride[1],
  dilationH: dilation[0],
  dilationW: dilation[1],
  fusedActivation: activation,
});

export function convolution(layers: Layers, front: Front, channels: number, shape: ConvolutionShape): Front {
  const { builder, random } = layers;
  const [height, width] = shape.kernel;
  const inputs = front.shape[3]!;
  const to = randomQuantisation(random);
  const ends = { from: front.quantisation, to, perChannel: shape.perChannel };
  const [weights, bias] = weightsAndBias(layers, [channels, height, width, inputs], 0, height * width * inputs, ends);
  const size = imageOf(front, channels, shape);
  const index = builder.int8(size, to);
  builder.operator(Builtin.conv2d, [front.index, weights, bias], [index], ['Conv2D', optionsOf(shape)], 3);
  return { index, shape: size, quantisation: to };
}

export function depthwise(layers: Layers, front: Front, depthMultiplier: number, shape: ConvolutionShape): Front {
  const { builder, random } = layers;
  const [height, width] = shape.kernel;
  const channels = front.shape[3]! * depthMultiplier;
  const to = randomQuantisation(random);
  const ends = { from: front.quantisation, to, perChannel: shape.perChannel };
  const [weights, bias] = weightsAndBias(layers, [1, height, width, channels], 3, height * width, ends);
  const size = imageOf(front, channels, shape);
  const index = builder.int8(size, to);
  const fields = { ...optionsOf(shape), depthMultiplier };
  builder.operator(Builtin.depthwiseConv2d, [front.index, weights, bias], [index], ['DepthwiseConv2D', fields], 3);
  return { index, shape: size, quantisation: to };
}

/** AVERAGE_POOL_2D or MAX_POOL_2D; both keep the quantisation of what they pool. */
export function pool({ builder }: Layers, front: Front, builtin: number, shape: ConvolutionShape): Front {
  const size = imageOf(front, front.shape[3]!, shape);
  const index = builder.int8(size, front.quantisation);
  const { dilationH: _h, dilationW: _w, ...fields } = optionsOf(shape);
  const [filterHeight, filterWidth] = shape.kernel;
  builder.operator(builtin, [front.index], [index], ['Pool2D', { ...fields, filterHeight, filterWidth }], 2);
  return { index, shape: size, quantisation: front.quantisation };
}

/** MEAN over height and width, as converters write a global average. */
export function globalMean({ builder, random }: Layers, front: Front, keepDims: boolean): Front {
  const [batch, , , channels] = front.shape;
  const axes = builder.tensor(TensorType.int32, [2], null, Int32Array.of(1, 2));
  const quantisation = random() < 0.5 ? front.quantisation : randomQuantisation(random);
  const shape = keepDims ? [batch!, 1, 1, channels!] : [batch!, channels!];
  const index = builder.int8(shape, quantisation);
  builder.operator(Builtin.mean, [front.index, axes], [index], ['Reducer', { keepDims }], 2);
  return { index, shape, quantisation };
}

/** ADD of two tensors of one shape. */
export function residual({ builder, random }: Layers, left: Front, right: Front, activation: number): Front {
  const quantisation = randomQuantisation(random);
  const index = builder.int8(left.shape, quantisation);
  builder.operator(Builtin.add, [left.index, right.index], [index], ['Add', { fusedActivation: activation }], 2);
  return { index, shape: left.shape, quantisation };
}

export function flatten({ builder }: Layers, front: Front): Front {
  const [batch, ...rest] = front.shape;
  const shape = [batch!, rest.reduce((product, length) => product * length, 1)];
  const index = builder.int8(shape, front.quantisation);
  const target = builder.tensor(TensorType.int32, [2], null, Int32Array.from(shape));
  builder.operator(Builtin.reshape, [front.index, target], [index], ['Reshape', { newShape: shape }]);
  return { index, shape, quantisation: front.quantisation };
}

export function dense(
  layers: Layers,
  front: Front,
  features: number,
  options: { readonly activation: number; readonly perChannel: boolean },
): Front {
  const { builder, random } = layers;
  const [batch, inputs] = front.shape;
  const to = randomQuantisation(random);
  const ends = { from: front.quantisation, to, perChannel: options.perChannel };
  const [weights, bias] = weightsAndBias(layers, [features, inputs!], 0, inputs!, ends);
  const shape = [batch!, features];
  const index = builder.int8(shape, to);
  const fields = { fusedActivation: options.activation };
  builder.operator(Builtin.fullyConnected, [front.index, weights, bias], [index], ['FullyConnected', fields], 4);
  return { index, shape, quantisation: to };
}

export function softmax({ builder }: Layers, front: Front): Front {
  const quantisation = perTensor(1 / 256, -128);
  const index = builder.int8(front.shape, quantisation);
  builder.operator(Builtin.softmax, [front.index], [index], ['Softmax', { beta: 1 }], 2);
  return { index, shape: front.shape, quantisation };
}
