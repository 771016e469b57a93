/** Dimensions of one example: [features], or [height, width, channels]. Signals over time have height 1. */
export type Shape = readonly number[];

/** What layers with weights have in common. The activation follows the bias. */
interface Weighted {
  /** float32, in the order of the layer's TFLite operator. */
  readonly weights: Float32Array;
  /** One per output channel. */
  readonly bias: Float32Array;
  readonly activation: 'none' | 'relu';
}

/** A window that slides over height and width, as TFLite pads it. */
export interface Sliding {
  readonly filter: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: 'same' | 'valid';
}

/** FULLY_CONNECTED of a vector; weights [out x in]. */
export interface DenseLayer extends Weighted {
  readonly kind: 'dense';
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** CONV_2D; weights [out x height x width x in]. */
export interface ConvolutionLayer extends Weighted, Sliding {
  readonly kind: 'convolution';
  readonly inChannels: number;
  readonly outChannels: number;
}

/** DEPTHWISE_CONV_2D with one filter per channel; weights [height x width x channels]. */
export interface DepthwiseLayer extends Weighted, Sliding {
  readonly kind: 'depthwise';
  readonly channels: number;
}

/** Layers with weights. */
export type WeightedLayer = DenseLayer | ConvolutionLayer | DepthwiseLayer;

/** Layers that only choose or move values: what they give has the scale of what they take. */
export type MovingLayer =
  | ({ readonly kind: 'maxPool' } & Sliding)
  /** Width becomes channels and channels width: windows that come channel after channel, as frames. */
  | { readonly kind: 'transpose' }
  /** Repeats every column `factor` times. */
  | { readonly kind: 'stretch'; readonly factor: number };

export type Layer =
  | WeightedLayer
  | MovingLayer
  /** Mean of each channel over height and width. */
  | { readonly kind: 'mean' }
  /** Probabilities of classes; only as the last layer. */
  | { readonly kind: 'softmax' };

/** Layers in order, on one example of the input's shape. */
export interface Network {
  readonly input: Shape;
  readonly layers: readonly Layer[];
}

/** Dense layers with softmax at the end, or an output of their own: the network of a classifier of feature vectors. */
export function denseNetwork(layers: readonly DenseLayer[], end: 'softmax' | 'none' = 'softmax'): Network {
  return { input: [layers[0]!.inFeatures], layers: end === 'softmax' ? [...layers, { kind: 'softmax' }] : layers };
}

/** Output columns, and columns of padding before the first, of a window that slides over `size` columns. */
export function slide(size: number, filter: number, stride: number, padding: Sliding['padding']) {
  if (padding === 'valid') return { size: Math.floor((size - filter) / stride) + 1, before: 0 };
  const out = Math.ceil(size / stride);
  return { size: out, before: Math.max(0, (out - 1) * stride + filter - size) >> 1 };
}

/**
 * Shape of what a layer gives.
 *
 * @throws RangeError when it cannot take an input of this shape
 */
export function outputShape(layer: Layer, input: Shape): Shape {
  const [height = 0, width = 0, channels = 0] = input;
  const wanted = layer.kind === 'dense' ? 1 : layer.kind === 'softmax' ? input.length : 3;
  if (input.length !== wanted) throw new RangeError(`${layer.kind} does not take [${input.join(', ')}]`);
  const slid = ({ filter, stride, padding }: Sliding, out: number): Shape => [
    slide(height, filter[0], stride[0], padding).size,
    slide(width, filter[1], stride[1], padding).size,
    out,
  ];
  switch (layer.kind) {
    case 'dense':
      if (layer.inFeatures !== height) throw new RangeError(`dense takes ${layer.inFeatures} values, not ${height}`);
      return [layer.outFeatures];
    case 'convolution':
      if (layer.inChannels !== channels) throw new RangeError(`convolution of ${layer.inChannels}, not ${channels}`);
      return slid(layer, layer.outChannels);
    case 'depthwise':
      if (layer.channels !== channels) throw new RangeError(`depthwise of ${layer.channels}, not ${channels}`);
      return slid(layer, channels);
    case 'maxPool':
      return slid(layer, channels);
    case 'transpose':
      return [height, channels, width];
    case 'stretch':
      return [height, width * layer.factor, channels];
    case 'mean':
      return [channels];
    case 'softmax':
      return input;
  }
}

/** Shapes along a network: the input's, then what each layer gives. */
export function shapesOf({ input, layers }: Network): Shape[] {
  const shapes = [input];
  for (const layer of layers) shapes.push(outputShape(layer, shapes.at(-1)!));
  return shapes;
}

/** Number of values of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Weights and biases of all layers. */
export function parametersOf({ layers }: Network): number {
  return layers.reduce((sum, l) => sum + ('weights' in l ? l.weights.length + l.bias.length : 0), 0);
}
