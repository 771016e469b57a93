import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { Requantiser } from './requantise.ts';
import type { Taps } from './taps.ts';

/** What both loops walk over. Weight of (output channel, tap, filter channel c): their strides' sum + c. */
export interface ConvolutionPlan {
  readonly geometry: ConvolutionGeometry;
  readonly taps: Taps;
  readonly channelStride: number;
  readonly tapStride: number;
}

/** A convolution of integers: int8 or int16 activations, int8 weights. */
export interface IntegerConvolution extends ConvolutionPlan {
  readonly weights: Int8Array;
  /** One per output channel; whole numbers. */
  readonly bias: Float64Array;
  readonly inputZeroPoint: number;
  readonly requantiser: Requantiser;
}

export interface FloatConvolution extends ConvolutionPlan {
  readonly weights: Float32Array;
  /** One per output channel, or none. */
  readonly bias: Float32Array | null;
  readonly activationMin: number;
  readonly activationMax: number;
}

/**
 * Sums Σ weight × (input − zeroPoint) + bias in doubles, which hold 2^53 where no sum reaches 2^48, and requantises.
 *
 * @param from index of the first input value
 * @param to index of the first output value
 */
export function convolveIntegers(
  { geometry, taps, channelStride, tapStride, weights, bias, inputZeroPoint, requantiser }: IntegerConvolution,
  input: Int8Array | Int16Array,
  from: number,
  output: Int8Array | Int16Array,
  to: number,
): void {
  const { batch, outputHeight, outputWidth, outputChannels, filterChannels, depthMultiplier } = geometry;
  const imageSize = geometry.inputHeight * geometry.inputWidth * geometry.inputChannels;
  const { inputs, filter } = taps;
  let next = to;
  for (let image = from, last = from + batch * imageSize; image < last; image += imageSize) {
    for (let position = 0; position < outputHeight * outputWidth; position++) {
      taps.locate(Math.floor(position / outputWidth), position % outputWidth);
      const { count } = taps;
      for (let channel = 0; channel < outputChannels; channel++) {
        const pixel = image + Math.floor(channel / depthMultiplier) * filterChannels;
        const column = channel * channelStride;
        let sum = bias[channel]!;
        for (let tap = 0; tap < count; tap++) {
          const x = pixel + inputs[tap]!;
          const w = column + filter[tap]! * tapStride;
          for (let c = 0; c < filterChannels; c++) sum += (input[x + c]! - inputZeroPoint) * weights[w + c]!;
        }
        output[next++] = requantiser.apply(sum, channel);
      }
    }
  }
}

/** The same of float32 values, each step rounded, bias last as in TFLite's reference kernels. */
export function convolveFloats(
  { geometry, taps, channelStride, tapStride, weights, bias, activationMin, activationMax }: FloatConvolution,
  memory: Float32Array,
  from: number,
  to: number,
): void {
  const { batch, outputHeight, outputWidth, outputChannels, filterChannels, depthMultiplier } = geometry;
  const imageSize = geometry.inputHeight * geometry.inputWidth * geometry.inputChannels;
  const { inputs, filter } = taps;
  let next = to;
  for (let image = from, last = from + batch * imageSize; image < last; image += imageSize) {
    for (let position = 0; position < outputHeight * outputWidth; position++) {
      taps.locate(Math.floor(position / outputWidth), position % outputWidth);
      const { count } = taps;
      for (let channel = 0; channel < outputChannels; channel++) {
        const pixel = image + Math.floor(channel / depthMultiplier) * filterChannels;
        const column = channel * channelStride;
        let sum = 0;
        for (let tap = 0; tap < count; tap++) {
          const x = pixel + inputs[tap]!;
          const w = column + filter[tap]! * tapStride;
          for (let c = 0; c < filterChannels; c++) {
            sum = Math.fround(sum + Math.fround(memory[x + c]! * weights[w + c]!));
          }
        }
        if (bias !== null) sum = Math.fround(sum + bias[channel]!);
        memory[next++] = Math.max(activationMin, Math.min(activationMax, sum));
      }
    }
  }
}
