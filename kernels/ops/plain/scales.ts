import type { Numerics } from '../../numerics.ts';
import { quantiseMultiplier } from '../fixed-point.ts';
import type { PrepareContext } from '../prepare-context.ts';
import {
  type ChannelMultipliers,
  FloatRequantiser,
  type OutputRange,
  type Requantiser,
  TwoStageRequantiser,
  WideRequantiser,
} from './requantise.ts';

/** Scales of one layer; of the weights, one per output channel. */
export interface LayerScales {
  readonly input: number;
  readonly weights: Float32Array;
  readonly output: number;
}

export interface RequantiserForm {
  readonly numerics: Numerics;
  /** The product of the scales of input and weights is rounded to float32 before the division. */
  readonly single: boolean;
  /** int16 activations. */
  readonly wide: boolean;
  /** Width of their accumulator. */
  readonly bits: 32 | 64;
}

/** Largest shift that TFLite's int64 form takes: a factor below 2^7. */
const WIDE_SHIFT_MAX = 7;

/** What brings the sums of a layer to its output's scale, by its numerics and its types; in the engine's memory. */
export function channelRequantiser(
  context: PrepareContext,
  scales: LayerScales,
  range: OutputRange,
  form: RequantiserForm,
): Requantiser {
  if (!form.wide && form.numerics === 'fp32-rne') return new FloatRequantiser(floatScales(context, scales), range);
  const channels = fixedScales(context, scales, form);
  return form.bits === 64 ? new WideRequantiser(channels, range) : new TwoStageRequantiser(channels, range);
}

/** XNNPACK's factor: the product rounded to float32, then the quotient. */
function floatScales(context: PrepareContext, { input, weights, output }: LayerScales): Float32Array {
  const out = weights.length;
  const factors = new Float32Array(context.engine.uint8.buffer, context.persistent(4 * out), out);
  for (let channel = 0; channel < out; channel++) {
    const product = Math.fround(input * weights[channel]!);
    factors[channel] = checked(context, Math.fround(product / output), channel);
  }
  return factors;
}

/** TFLite's factor in double, as multiplier and shift (`PopulateConvolutionQuantizationParams`). */
function fixedScales(
  context: PrepareContext,
  { input, weights, output }: LayerScales,
  { single, bits }: RequantiserForm,
): ChannelMultipliers {
  const { buffer } = context.engine.uint8;
  const multipliers = new Int32Array(buffer, context.persistent(4 * weights.length), weights.length);
  const shifts = new Int32Array(buffer, context.persistent(4 * weights.length), weights.length);
  for (let channel = 0; channel < weights.length; channel++) {
    const product = input * weights[channel]!;
    const factor = checked(context, (single ? Math.fround(product) : product) / output, channel);
    const { multiplier, shift } = quantiseMultiplier(factor);
    if (bits === 64 && shift > WIDE_SHIFT_MAX) context.refuse(`scales its sums by ${factor} in channel ${channel}`);
    multipliers[channel] = multiplier;
    shifts[channel] = shift;
  }
  return { multipliers, shifts };
}

function checked(context: PrepareContext, factor: number, channel: number): number {
  if (factor > 0 && factor < Infinity) return factor;
  return context.refuse(`has scales whose product leaves float32 in channel ${channel}`);
}
