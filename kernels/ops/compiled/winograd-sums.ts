import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { biasBytes } from '../weights.ts';
import type { CompiledLayer } from './layer.ts';

/** Output channels of a panel of transformed weights. */
export const COLUMNS = 8;
/** Below this the transforms cost more than they save. */
const CHANNELS_MIN = 8;
/** Sums are four times the true ones, which must stay below 2^29: 9 × 255 × 128 × channels, as much for the bias. */
const CHANNELS_MAX = 512;
const BIAS_MAX = 1 << 27;

/** Whether channels are enough to gain by a transform, and they and the biases few and small enough for its sums. */
export function suitsSums(context: PrepareContext, { inputChannels, outputChannels }: ConvolutionGeometry): boolean {
  const isBroad = inputChannels >= CHANNELS_MIN && outputChannels >= CHANNELS_MIN && inputChannels <= CHANNELS_MAX;
  if (!isBroad || context.isCompact) return false;
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
