import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { ModelBuilder } from './models.ts';
import {
  type ConvolutionShape,
  convolution,
  dense,
  depthwise,
  type Front,
  flatten,
  globalMean,
  type Layers,
  outputLength,
  pickFrom,
  pool,
  randomQuantisation,
  residual,
  softmax,
} from './random-layers.ts';

/** What a random network is made of. */
export interface NetworkOptions {
  /** [batch, height, width, channels] of the input. */
  readonly shape: readonly [number, number, number, number];
  /** Layers before the dense end; each may be several operators. */
  readonly depth: number;
  /** Channels to choose from; `oddChannels` unless told otherwise. */
  readonly channels: readonly number[];
  readonly classes: number;
  /** Codes that may be used: layers of others are left out. Everything below needs RESHAPE and FULLY_CONNECTED. */
  readonly operators: { has(code: number): boolean };
}

/** Multiples of 8 and everything that is none: one, primes, one more and one less than a register's width. */
export const oddChannels: readonly number[] = [1, 2, 3, 5, 7, 8, 9, 12, 15, 16, 17, 19, 24, 31, 32, 33, 40];

const KERNELS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [3, 3],
  [3, 3],
  [5, 5],
  [1, 3],
  [3, 1],
  [2, 2],
  [4, 3],
  [7, 2],
];
const STRIDES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [1, 1],
  [2, 2],
  [2, 1],
  [3, 2],
];
const CHANNELS_MAX = 64;
const ONE: readonly [number, number] = [1, 1];

/**
 * A random int8 network of the kind that small classifiers are: convolutions of odd sizes, strides, dilations and depth
 * multipliers, pools and residual additions, then a dense end. Weights are scaled so that values spread over the int8
 * range from layer to layer and a wrong bit anywhere shows at the end.
 */
export function randomNetwork(random: () => number, options: NetworkOptions): TfliteModel {
  const { operators, depth, shape, classes } = options;
  const layers: Layers = { builder: new ModelBuilder(), random };
  const quantisation = randomQuantisation(random);
  const input: Front = { index: layers.builder.int8(shape, quantisation), shape, quantisation };
  let front = input;
  for (let layer = 0; layer < depth; layer++) {
    const kinds = LAYERS.filter(({ needs }) => needs.every((code) => operators.has(code)));
    if (kinds.length === 0) break;
    front = pickFrom(random, kinds).add(layers, front, options);
  }
  if (operators.has(Builtin.mean) && random() < 0.4) front = globalMean(layers, front, random() < 0.5);
  if (front.shape.length !== 2) front = flatten(layers, front);
  if (random() < 0.4) front = dense(layers, front, pickFrom(random, options.channels), clampAndScales(random));
  front = dense(layers, front, classes, { ...clampAndScales(random), activation: 0 });
  if (operators.has(Builtin.softmax) && random() < 0.5) front = softmax(layers, front);
  return layers.builder.build([input.index], [front.index]);
}

interface LayerKind {
  readonly needs: readonly number[];
  add(layers: Layers, front: Front, options: NetworkOptions): Front;
}

const LAYERS: readonly LayerKind[] = [
  {
    needs: [Builtin.conv2d],
    add: (layers, front, { channels }) =>
      convolution(layers, front, pickFrom(layers.random, channels), randomShape(layers.random, front, KERNELS)),
  },
  {
    needs: [Builtin.depthwiseConv2d],
    add(layers, front) {
      const { random } = layers;
      const multiplier = front.shape[3]! * 3 <= CHANNELS_MAX ? pickFrom(random, [1, 1, 2, 3]) : 1;
      return depthwise(layers, front, multiplier, randomShape(random, front, KERNELS));
    },
  },
  {
    needs: [Builtin.depthwiseConv2d, Builtin.conv2d],
    add(layers, front, { channels }) {
      const separable = depthwise(layers, front, 1, randomShape(layers.random, front, [[3, 3]]));
      return convolution(layers, separable, pickFrom(layers.random, channels), pointwise(layers.random));
    },
  },
  {
    needs: [Builtin.conv2d, Builtin.add],
    add(layers, front) {
      const { random } = layers;
      const same = { ...pointwise(random), kernel: pickFrom(random, KERNELS) };
      const branch = convolution(layers, front, front.shape[3]!, same);
      return residual(layers, front, branch, pickFrom(random, [0, 1, 3]));
    },
  },
  { needs: [Builtin.maxPool2d], add: (layers, front) => randomPool(layers, front, Builtin.maxPool2d) },
  { needs: [Builtin.averagePool2d], add: (layers, front) => randomPool(layers, front, Builtin.averagePool2d) },
];

const clampAndScales = (random: () => number) => ({
  activation: pickFrom(random, [0, 0, 1, 2, 3]),
  perChannel: random() < 0.6,
});

/** 1×1, stride 1. */
const pointwise = (random: () => number): ConvolutionShape => ({
  kernel: ONE,
  stride: ONE,
  dilation: ONE,
  padding: 0,
  ...clampAndScales(random),
});

/** A kernel, stride and dilation that fit; without padding only where an output is left. */
function randomShape(random: () => number, front: Front, kernels: readonly (readonly [number, number])[]) {
  const kernel = pickFrom(random, kernels);
  // Dilated kernels step by one, as TFLite's own kernels want it.
  const dilation: readonly [number, number] =
    random() < 0.2
      ? pickFrom(random, [
          [2, 2],
          [3, 2],
        ] as const)
      : ONE;
  const wanted = dilation === ONE ? pickFrom(random, STRIDES) : ONE;
  const fits = [0, 1].every((axis) => outputLength(front.shape[axis + 1]!, kernel[axis]!, 1, dilation[axis]!, 1) >= 1);
  const padding = fits && random() < 0.5 ? 1 : 0;
  const stride = padding === 0 ? stridesWithin(kernel, wanted) : wanted;
  return { kernel, stride, dilation, padding, ...clampAndScales(random) };
}

/**
 * Strides no longer than the kernel, but for 1×1 ones. Beyond it the padding of SAME would be negative, which is none
 * (tensorflow/lite/kernels/padding.h); XNNPACK's wasm build takes it for 2^32 and reads nothing but padding.
 */
function stridesWithin(kernel: readonly [number, number], stride: readonly [number, number]) {
  if (kernel[0] * kernel[1] === 1) return stride;
  return [Math.min(kernel[0], stride[0]), Math.min(kernel[1], stride[1])] as const;
}

function randomPool(layers: Layers, front: Front, builtin: number): Front {
  const { random } = layers;
  const kernel = pickFrom(random, [
    [2, 2],
    [3, 3],
    [3, 2],
    [1, 4],
  ] as const);
  const shape = { ...randomShape(random, front, [kernel]), dilation: ONE, activation: pickFrom(random, [0, 0, 1, 3]) };
  const [, height, width] = front.shape;
  const fits = outputLength(height!, kernel[0], 1, 1, 1) >= 1 && outputLength(width!, kernel[1], 1, 1, 1) >= 1;
  return pool(layers, front, builtin, { ...shape, padding: fits ? shape.padding : 0 });
}

/** Shapes from one pixel to a small picture, drawn from the seed, for `count` networks in a row. */
export function randomNetworkOptions(random: () => number, operators: NetworkOptions['operators']): NetworkOptions {
  const side = () => pickFrom(random, [1, 2, 3, 5, 8, 9, 12, 13]);
  return {
    shape: [random() < 0.1 ? 2 : 1, side(), side(), pickFrom(random, [1, 2, 3, 4, 8, 11])],
    depth: 1 + Math.floor(random() * 5),
    channels: oddChannels,
    classes: pickFrom(random, [2, 3, 10, 17]),
    operators,
  };
}
