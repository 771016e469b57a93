import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { biasBytes } from '../weights.ts';
import type { CompiledLayer } from './layer.ts';

/** Output channels of a panel of transformed weights. */
export const COLUMNS = 8;
/** Sums are four times the true ones, which must stay below 2^29: 9 × 255 × 128 × channels, as much for the bias. */
const CHANNELS_MAX = 512;
const BIAS_MAX = 1 << 27;

/** What a transform costs for four pixels, in products: per pair of channels, per input and per output channel. */
export interface TransformCost {
  readonly products: number;
  readonly perInput: number;
  readonly perOutput: number;
}

/** What requantising four pixels costs per channel on the direct way, in products. */
const DIRECT_PER_OUTPUT = 43;

/**
 * Whether a transform costs less than the direct way, which has no products for absent inputs and fewer for absent
 * outputs. Costs are fitted to measurements on x86-64 of 8 to 64 channels, which they meet within 5 %.
 */
function isCheaper({ products, perInput, perOutput }: TransformCost, geometry: ConvolutionGeometry): boolean {
  const { inputChannels, outputChannels, filterHeight, filterWidth } = geometry;
  const [inputs, outputs] = [paddedChannels(inputChannels), paddedChannels(outputChannels)];
  const absent = outputs - outputChannels;
  const computed = absent >= 4 ? outputs - 2 : outputs;
  const direct = computed * (4 * filterHeight * filterWidth * inputChannels + DIRECT_PER_OUTPUT);
  return inputs * outputs * products + inputs * perInput + outputs * perOutput < direct;
}

/** Whether a layer gains by a transform, and has channels and biases few and small enough for its sums. */
export function suitsSums(context: PrepareContext, geometry: ConvolutionGeometry, cost: TransformCost): boolean {
  const { inputChannels, outputChannels } = geometry;
  if (inputChannels > CHANNELS_MAX || context.isCompact || !isCheaper(cost, geometry)) return false;
  const bias = biasBytes(context, outputChannels);
  const values = new DataView(bias.buffer, bias.byteOffset, bias.length);
  for (let at = 0; at < bias.length; at += 4) {
    if (Math.abs(values.getInt32(at, true)) > BIAS_MAX) return false;
  }
  return true;
}

/** Channels as transformed inputs have them: whole vectors. */
export function paddedChannels(channels: number): number {
  return Math.ceil(channels / 8) * 8;
}

/**
 * Makes bias and scale fit sums that are `factor` times the true ones, 2 or 4, which rounds nothing.
 *
 * @param places channels rounded up to whole panels
 */
export function enlarge(
  context: PrepareContext,
  { start, scale }: CompiledLayer,
  places: number,
  factor: number,
): void {
  const { int32, float32 } = context.engine;
  for (let place = 0; place < places; place++) {
    int32[start / 4 + place] = factor * int32[start / 4 + place]!;
    float32[scale / 4 + place] = float32[scale / 4 + place]! / factor;
  }
}
