import type { Network, Shape } from '../../kernels/quantise/network.ts';
import type { NormalisationSpec } from '../../kernels/signal/normalise.ts';
import type { Signal } from './float/layer.ts';

/** The card is JSON: nine digits carry every f32. */
const DIGITS = 9;

/**
 * Mean and deviation of each channel over all rows of windows [n x channels x window], the same for every moment of the
 * window: what a convolution sees must not depend on when it happens.
 */
export function channelNormalisation(samples: Float32Array, channels: number, window: number): NormalisationSpec {
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let c = 0; c < channels; c += 1) {
    const [m, d] = describe(samples, c, channels, window);
    for (let t = 0; t < window; t += 1) {
      mean.push(Number(m.toPrecision(DIGITS)));
      deviation.push(Number(d.toPrecision(DIGITS)));
    }
  }
  return { transform: mean.map(() => 'linear' as const), mean, deviation };
}

function describe(samples: Float32Array, channel: number, channels: number, window: number): [number, number] {
  const over = (value: (v: number) => number): number => {
    let sum = 0;
    for (let at = channel * window; at < samples.length; at += channels * window) {
      for (let t = 0; t < window; t += 1) sum += value(samples[at + t]!);
    }
    return sum / (samples.length / channels);
  };
  const mean = over((v) => v);
  const deviation = Math.sqrt(over((v) => (v - mean) * (v - mean)));
  // A channel that never moved has no scale of its own; its size keeps a later change finite.
  const constant = deviation <= 1e-7 * Math.max(1, Math.abs(mean));
  return [mean, constant ? Math.max(1, Math.abs(mean)) : deviation];
}

/** Windows channel after channel [n x channels x window] as frames [n x window x channels]. */
export function framesOf(inputs: Float32Array, { columns, channels }: Signal): Float32Array {
  if (channels === 1) return inputs;
  const out = new Float32Array(inputs.length);
  const size = columns * channels;
  for (let at = 0; at < inputs.length; at += size) {
    for (let c = 0; c < channels; c += 1) {
      for (let t = 0; t < columns; t += 1) out[at + t * channels + c] = inputs[at + c * columns + t]!;
    }
  }
  return out;
}

/** A network of frames made to take windows channel by channel, as features come, and to give them if it gives any. */
export function takingWindows(layers: Network['layers'], { columns, channels }: Signal, givesFrames: boolean): Network {
  // With one channel a window is its own frames.
  if (channels === 1) return { input: [1, columns, 1], layers };
  const input: Shape = [1, channels, columns];
  const transpose = { kind: 'transpose' } as const;
  return { input, layers: givesFrames ? [transpose, ...layers, transpose] : [transpose, ...layers] };
}
