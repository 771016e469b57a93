import { roundHalfEven } from '../math/round-half-even.ts';
import { type Affine, affineOf, type Range } from './affine.ts';
import type { Layer, Network, Shape, WeightedLayer } from './network.ts';

/** What replaces float weights: integers as TFLite's operators hold them. */
export interface QuantisedWeights {
  /** In the order of the float weights, in [-127, 127]; zero point 0. */
  readonly weights: Int8Array;
  /** [out channels] real weight = weightScale[c] * weight. */
  readonly weightScale: Float32Array;
  /** [out channels] in units of input scale times weight scale. */
  readonly bias: Int32Array;
}

type InIntegers<L> = L extends WeightedLayer ? Omit<L, keyof QuantisedWeights> & QuantisedWeights : L;
/** A layer in integers, and the grid of what it gives. */
export type QuantisedLayer = InIntegers<Layer> & { readonly output: Affine };

export interface QuantisedNetwork {
  readonly inputShape: Shape;
  readonly input: Affine;
  readonly layers: readonly QuantisedLayer[];
}

/** What calibration found; `layers` has the range of each layer's output, but for a final softmax. */
export interface NetworkRanges {
  readonly input: Range;
  readonly layers: readonly Range[];
}

/** |bias| stays below 2^30, so that it and any int8 dot product of up to 2^15 inputs fit the int32 accumulator. */
const BIAS_MAX = 1 << 30;
/** Fixed by the TFLite specification for int8 SOFTMAX: probabilities in steps of 1/256. */
const PROBABILITY: Affine = { scale: 1 / 256, zeroPoint: -128 };

/**
 * Post-training quantisation: int8 weights, symmetric per output channel; int8 activations over the given ranges;
 * int32 bias (Jacob et al., arXiv 1712.05877, §2; TFLite 8-bit quantisation specification). What only moves or chooses
 * values keeps the grid it takes.
 */
export function quantiseNetwork(network: Network, ranges: NetworkRanges): QuantisedNetwork {
  const input = affineOf(ranges.input);
  let grid = input;
  const layers = network.layers.map((layer, l): QuantisedLayer => {
    const from = grid;
    if ('weights' in layer || layer.kind === 'mean') grid = affineOf(ranges.layers[l]!);
    else if (layer.kind === 'softmax') grid = PROBABILITY;
    // A spread over the union: TypeScript does not see that each member keeps its own kind.
    const integers = 'weights' in layer ? quantiseWeights(layer, from.scale) : {};
    return { ...layer, ...integers, output: grid } as QuantisedLayer;
  });
  return { inputShape: network.input, input, layers };
}

function quantiseWeights(layer: WeightedLayer, inputScale: number): QuantisedWeights {
  const channelOf = channelsOf(layer);
  const weightScale = weightScales(layer, channelOf);
  return {
    weights: Int8Array.from(layer.weights, (weight, i) => clamp(weight / weightScale[channelOf(i)]!, 127)),
    weightScale,
    bias: Int32Array.from(layer.bias, (bias, c) => clamp(bias / Math.fround(inputScale * weightScale[c]!), BIAS_MAX)),
  };
}

/** Which output channel a weight belongs to: they lie innermost in a depthwise layer, outermost in the others. */
function channelsOf({ kind, weights, bias }: WeightedLayer): (index: number) => number {
  const channels = bias.length;
  const perChannel = weights.length / channels;
  return kind === 'depthwise' ? (index) => index % channels : (index) => Math.floor(index / perChannel);
}

/**
 * Largest |weight| of each channel over 127. A channel of weights far below the layer's (a dead unit) takes a share
 * of the largest scale instead: its bias would not fit otherwise.
 */
function weightScales({ weights, bias }: WeightedLayer, channelOf: (index: number) => number): Float32Array {
  const largest = new Float32Array(bias.length);
  for (let i = 0; i < weights.length; i += 1) {
    const c = channelOf(i);
    largest[c] = Math.max(largest[c]!, Math.abs(weights[i]!));
  }
  const floor = Math.max(largest.reduce((a, b) => Math.max(a, b), 0) / 1024, 1e-6);
  return largest.map((value) => Math.max(value, floor) / 127);
}

/** Nearest integer, ties to even, within ±limit. */
function clamp(x: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, roundHalfEven(x)));
}
