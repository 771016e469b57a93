import { exp } from '../../kernels/math/exp.ts';
import { createFeatures, type FeatureSpec } from '../../kernels/signal/features.ts';
import { fftLengthFor } from '../../kernels/signal/spectral-features.ts';
import type { LabelledWindows } from './windows.ts';

/** All that choosing looks at. */
type Windows = Pick<LabelledWindows, 'channels' | 'window' | 'count' | 'samples'>;

export const FEATURE_KINDS = ['auto', 'raw', 'statistics', 'spectral'] as const;
export type FeatureKind = (typeof FEATURE_KINDS)[number];

/** From here on a window is long enough for a spectrum to tell more than ten moments do. */
const SPECTRAL_FROM = 32;
/** Up to this FFT length every low bin is a band of its own, beyond it bands of equal width reach to Nyquist. */
const SINGLE_BINS_UP_TO = 128;
const BANDS_MAX = { single: 24, equal: 32 } as const;
/** The floor under a band's amplitude, as a share of the channel's median band: below it is sensor noise. */
const FLOOR_SHARE = 0.05;
const AMPLITUDE_MIN = 1e-6;
const WINDOWS_LOOKED_AT = 256;

/** The features for windows of this length; `auto` is raw for one sample, statistics when short, else spectral. */
export function chooseFeatures(kind: FeatureKind, windows: Windows): FeatureSpec {
  const auto = windows.window === 1 ? 'raw' : windows.window < SPECTRAL_FROM ? 'statistics' : 'spectral';
  const chosen = kind === 'auto' ? auto : kind;
  if (chosen !== 'spectral') return { kind: chosen };
  const edges = bandEdges(fftLengthFor(windows.window));
  return { kind: 'spectral', edges, floor: medianAmplitudes(windows, edges).map((a) => a * FLOOR_SHARE) };
}

function bandEdges(length: number): number[] {
  const nyquist = length / 2;
  if (length <= SINGLE_BINS_UP_TO) {
    return Array.from({ length: Math.min(BANDS_MAX.single, nyquist) + 1 }, (_, b) => b + 1);
  }
  return Array.from({ length: BANDS_MAX.equal + 1 }, (_, b) => 1 + Math.round((b * nyquist) / BANDS_MAX.equal));
}

/** Median over bands and windows of each channel's band amplitude. */
function medianAmplitudes(windows: Windows, edges: readonly number[]): number[] {
  const channels = windows.channels.length;
  const shape = { channels, window: windows.window };
  const floor = new Array<number>(channels).fill(AMPLITUDE_MIN);
  const features = createFeatures({ kind: 'spectral', edges, floor }, shape);
  const perChannel = features.size / channels;
  const bands = edges.length - 1;
  const step = Math.max(1, Math.floor(windows.count / WINDOWS_LOOKED_AT));
  const out = new Float32Array(features.size);
  const logs: number[][] = floor.map(() => []);
  const size = channels * windows.window;
  for (let i = 0; i < windows.count; i += step) {
    features.extract(windows.samples.subarray(i * size, (i + 1) * size), out);
    logs.forEach((log, c) => {
      const end = (c + 1) * perChannel;
      log.push(...out.subarray(end - bands, end));
    });
  }
  return logs.map((log) =>
    Math.max(AMPLITUDE_MIN, Number(exp(log.sort((a, b) => a - b)[log.length >> 1]!).toPrecision(6))),
  );
}

/** Features of windows [rows x samples per window] -> [rows x size]. */
export function extractAll(spec: FeatureSpec, shape: { channels: number; window: number }, samples: Float32Array) {
  const features = createFeatures(spec, shape);
  const perWindow = shape.channels * shape.window;
  const rows = samples.length / perWindow;
  const out = new Float32Array(rows * features.size);
  for (let i = 0; i < rows; i += 1) {
    features.extract(
      samples.subarray(i * perWindow, (i + 1) * perWindow),
      out.subarray(i * features.size, (i + 1) * features.size),
    );
  }
  return out;
}
