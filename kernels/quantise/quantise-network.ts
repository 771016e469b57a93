import { roundHalfEven } from '../math/round-half-even.ts';
import { type Affine, affineOf, type Range } from './affine.ts';
import type { DenseLayer, DenseNetwork } from './dense-network.ts';

/** A dense layer in integers, as TFLite's FULLY_CONNECTED holds it. */
export interface QuantisedLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [out x in] row-major, in [-127, 127]; zero point 0. */
  readonly weights: Int8Array;
  /** [out] real weight = weightScale[c] * weights[c, i]. */
  readonly weightScale: Float32Array;
  /** [out] in units of input scale times weight scale. */
  readonly bias: Int32Array;
  readonly output: Affine;
  readonly activation: 'none' | 'relu';
}

export interface QuantisedNetwork {
  readonly input: Affine;
  readonly layers: readonly QuantisedLayer[];
}

/** What calibration found; `layers` has the range of each layer's output. */
export interface NetworkRanges {
  readonly input: Range;
  readonly layers: readonly Range[];
}

/** |bias| stays below 2^30, so that it and any int8 dot product of up to 2^15 inputs fit the int32 accumulator. */
const BIAS_MAX = 1 << 30;

/**
 * Post-training quantisation: int8 weights, symmetric per output channel; int8 activations over the given ranges;
 * int32 bias (Jacob et al., arXiv 1712.05877, §2; TFLite 8-bit quantisation specification, FULLY_CONNECTED).
 */
export function quantiseNetwork(network: DenseNetwork, ranges: NetworkRanges): QuantisedNetwork {
  const input = affineOf(ranges.input);
  let inputScale = input.scale;
  const layers = network.layers.map((layer, l) => {
    const output = affineOf(ranges.layers[l]!);
    const quantised = quantiseLayer(layer, inputScale, output);
    inputScale = output.scale;
    return quantised;
  });
  return { input, layers };
}

function quantiseLayer(layer: DenseLayer, inputScale: number, output: Affine): QuantisedLayer {
  const { inFeatures, outFeatures } = layer;
  const weights = new Int8Array(outFeatures * inFeatures);
  const weightScale = weightScales(layer);
  const bias = new Int32Array(outFeatures);
  for (let c = 0; c < outFeatures; c += 1) {
    const scale = weightScale[c]!;
    for (let i = c * inFeatures; i < (c + 1) * inFeatures; i += 1) weights[i] = clamp(layer.weights[i]! / scale, 127);
    bias[c] = clamp(layer.bias[c]! / Math.fround(inputScale * scale), BIAS_MAX);
  }
  return { inFeatures, outFeatures, weights, weightScale, bias, output, activation: layer.activation };
}

/**
 * Largest |weight| of each channel over 127. A channel of weights far below the layer's (a dead unit) takes a share
 * of the largest scale instead: its bias would not fit otherwise.
 */
function weightScales({ inFeatures, outFeatures, weights }: DenseLayer): Float32Array {
  const largest = new Float32Array(outFeatures);
  for (let i = 0; i < weights.length; i += 1) {
    const c = Math.floor(i / inFeatures);
    largest[c] = Math.max(largest[c]!, Math.abs(weights[i]!));
  }
  const floor = Math.max(largest.reduce((a, b) => Math.max(a, b), 0) / 1024, 1e-6);
  return largest.map((value) => Math.max(value, floor) / 127);
}

/** Nearest integer, ties to even, within ±limit. */
function clamp(x: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, roundHalfEven(x)));
}
