import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { biasValues } from '../weights.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import type { CompiledLayer } from './layer.ts';
import { filterParts } from './winograd-tiles.ts';

/** Output channels of a panel of transformed weights. */
export const COLUMNS = 8;
const SUM_MAX = 1 << 25;

/** What a transform costs for four pixels, in products: per pair of channels, per input and per output channel. */
export interface TransformCost {
  readonly products: number;
  readonly perInput: number;
  readonly perOutput: number;
}

/** What requantising four pixels costs per channel on the direct way, in products. */
const DIRECT_PER_OUTPUT = 43;
/** Channels that the direct way saves of a last panel, by how many of its eight are absent (see compiled/panels.ts). */
const DIRECT_SAVED = [0, 0, 0, 0, 2, 2, 4, 5] as const;
/** What a last panel that is not full costs a transform, which moves whole vectors. */
const RAGGED = 1.07;

/**
 * Whether a transform costs less than the direct way, which has no products for absent inputs and fewer for absent
 * outputs. Costs are fitted to measurements on x86-64 of 8 to 64 channels, which they meet within 7 %.
 */
function isCheaper(cost: TransformCost, geometry: ConvolutionGeometry, share: number): boolean {
  const parts = filterParts(geometry).length;
  const { products, perInput, perOutput } = cost;
  const { inputChannels, outputChannels, filterHeight, filterWidth } = geometry;
  const [inputs, outputs] = [paddedChannels(inputChannels), paddedChannels(outputChannels)];
  const absent = outputs - outputChannels;
  const computed = outputs - DIRECT_SAVED[absent]!;
  const direct = computed * (4 * filterHeight * filterWidth * inputChannels + DIRECT_PER_OUTPUT);
  const multiplied = parts * pairedChannels(inputChannels) * Math.ceil(outputChannels / 4) * 4;
  const whole = multiplied * products + parts * inputs * perInput + outputs * perOutput;
  return share * whole * (absent > 0 ? RAGGED : 1) < direct;
}

/** The largest sum that a layer can come to, whatever its input. */
function largestSum(context: PrepareContext, { geometry, input, weights }: ConvolutionLayer): number {
  const { zeroPoint } = context.quantisation(input);
  const inputMax = Math.max(127 - zeroPoint, zeroPoint + 128);
  const length = weights.length / geometry.outputChannels;
  let largest = 0;
  for (const [channel, start] of biasValues(context, geometry.outputChannels).entries()) {
    let sum = 0;
    for (let at = channel * length; at < (channel + 1) * length; at++) sum += Math.abs(weights[at]!);
    largest = Math.max(largest, Math.abs(start) + sum * inputMax);
  }
  return largest;
}

/**
 * Whether a layer gains by a transform, and its sums leave room for it: 64 times the true ones fit int32.
 *
 * @param share outputs that tiles have for one of the image's
 */
export function suitsSums(
  context: PrepareContext,
  layer: ConvolutionLayer,
  cost: TransformCost,
  share: number,
): boolean {
  return !context.isCompact && isCheaper(cost, layer.geometry, share) && largestSum(context, layer) < SUM_MAX;
}

/** Channels as transformed inputs have them: whole vectors. */
export const paddedChannels = (channels: number): number => Math.ceil(channels / 8) * 8;

/** Channels as products have them: whole pairs. */
export const pairedChannels = (channels: number): number => Math.ceil(channels / 2) * 2;

/**
 * Makes the biases fit sums that are `factor` times the true ones; they wrap, as those do.
 *
 * @param places channels rounded up to whole panels
 */
export function enlarge(context: PrepareContext, { start }: CompiledLayer, places: number, factor: number): void {
  const biases = context.engine.int32.subarray(start / 4, start / 4 + places);
  biases.set(biases.map((bias) => factor * bias));
}
