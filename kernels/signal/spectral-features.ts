import { cos } from '../math/cos.ts';
import { log } from '../math/log.ts';
import { createRealFft } from './real-fft.ts';

const TWO_PI = 6.283185307179586;
const SHAPE_NAMES = ['mean', 'deviation', 'peak'] as const;

/** Shortest window a spectrum makes sense for. */
export const SPECTRAL_WINDOW_MIN = 8;

/** FFT length for a window: the next power of two; the tail is zero (after the mean is removed). */
export function fftLengthFor(window: number): number {
  let length = SPECTRAL_WINDOW_MIN;
  while (length < window) length *= 2;
  return length;
}

/**
 * Mean, standard deviation and peak |v - mean| of each channel, then the log amplitude of every band: the window
 * less its mean, under a Hann taper, zero-padded to a power of two; amplitude = root of the mean power over the
 * band's bins, scaled so that a sine of amplitude a at a bin's centre gives a; feature = log(amplitude + floor).
 */
export function createSpectralFeatures(
  { edges, floor }: { edges: readonly number[]; floor: readonly number[] },
  { channels, window }: { channels: number; window: number },
) {
  const length = fftLengthFor(window);
  checkSpec(edges, floor, channels, window, length);
  const bands = edges.length - 1;
  const perChannel = SHAPE_NAMES.length + bands;
  const names = namesOf(channels, edges);
  const fft = createRealFft(length);
  const taper = Float64Array.from({ length: window }, (_, i) => 0.5 - 0.5 * cos((TWO_PI * (i + 0.5)) / window));
  const gain = 2 / taper.reduce((sum, v) => sum + v, 0);
  const input = new Float64Array(length);
  const power = new Float64Array(length / 2 + 1);

  const extract = (samples: Float32Array, out: Float32Array): void => {
    for (let c = 0; c < channels; c += 1) {
      const at = c * perChannel;
      describeInto(samples, c * window, window, out, at);
      const mean = out[at]!;
      for (let i = 0; i < window; i += 1) input[i] = (samples[c * window + i]! - mean) * taper[i]!;
      fft.power(input, power);
      for (let b = 0; b < bands; b += 1) {
        const amplitude = gain * Math.sqrt(meanOf(power, edges[b]!, edges[b + 1]!));
        out[at + SHAPE_NAMES.length + b] = log(amplitude + floor[c]!);
      }
    }
  };
  return { size: names.length, names, extract };
}

function checkSpec(
  edges: readonly number[],
  floor: readonly number[],
  channels: number,
  window: number,
  length: number,
) {
  if (window < SPECTRAL_WINDOW_MIN) {
    throw new RangeError(`spectral features need windows of at least ${SPECTRAL_WINDOW_MIN} samples, not ${window}`);
  }
  const ascending = edges.every((e, i) => Number.isInteger(e) && (i === 0 || e > edges[i - 1]!));
  if (edges.length < 2 || !ascending || edges[0]! < 1 || edges[edges.length - 1]! > length / 2 + 1) {
    throw new RangeError(
      `spectral band edges must ascend from 1 to at most ${length / 2 + 1} for windows of ${window}`,
    );
  }
  if (floor.length !== channels || !floor.every((v) => v > 0 && v < Infinity)) {
    throw new RangeError(`spectral features need one positive floor for each of ${channels} channels`);
  }
}

function namesOf(channels: number, edges: readonly number[]): string[] {
  const names: string[] = [];
  for (let c = 0; c < channels; c += 1) {
    for (const name of SHAPE_NAMES) names.push(`c${c}.${name}`);
    for (let b = 0; b + 1 < edges.length; b += 1) names.push(`c${c}.band${edges[b]}-${edges[b + 1]! - 1}`);
  }
  return names;
}

function describeInto(samples: Float32Array, from: number, window: number, out: Float32Array, at: number): void {
  let sum = 0;
  for (let i = from; i < from + window; i += 1) sum += samples[i]!;
  const mean = sum / window;
  let squares = 0;
  let peak = 0;
  for (let i = from; i < from + window; i += 1) {
    const d = samples[i]! - mean;
    squares += d * d;
    if (d > peak) peak = d;
    else if (-d > peak) peak = -d;
  }
  out[at] = mean;
  out[at + 1] = Math.sqrt(squares / window);
  out[at + 2] = peak;
}

function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += values[i]!;
  return sum / (to - from);
}
