import { type DenseLayer, denseNetwork, type Network } from '../../kernels/quantise/network.ts';
import type { FeatureSpec } from '../../kernels/signal/features.ts';
import type { NormalisationSpec } from '../../kernels/signal/normalise.ts';
import { autoencoderPlan } from './convolutional-plan.ts';
import { chooseFeatures, extractAll } from './feature-choice.ts';
import type { Signal } from './float/layer.ts';
import type { Step } from './float/plan.ts';
import { reachOf } from './quantised.ts';
import { channelNormalisation, framesOf, takingWindows } from './raw-windows.ts';
import { fitNormalisation } from './standardise.ts';
import type { TrainOptions } from './train-options.ts';
import type { LabelledWindows } from './windows.ts';

/** What differs between autoencoders of features and of raw windows. */
export interface AutoencoderKind {
  readonly spec: FeatureSpec;
  /** [windows x size] as the card makes them. */
  readonly features: Float32Array;
  readonly signal: Signal;
  readonly plan: readonly Step[];
  normalisation(features: Float32Array): NormalisationSpec;
  /** Normalised features as the trainer takes them. */
  signals(inputs: Float32Array): Float32Array;
  network(layers: Network['layers']): Network;
  reach(inputs: Float32Array): number;
}

/** Of features: a quarter of them can vary on their own, and some tens of units say how. */
const UNITS = { least: 32, most: 64 } as const;
const BOTTLENECK_SHARE = 1 / 4;
const BOTTLENECK_MAX = 16;
/** Standardised features end near 4; the rest is room for streams that drift. */
const FEATURE_REACH = 8;
/** Of raw windows: channels on the way down. */
const CHANNELS_OUT = [16, 24, 32] as const;

/** Dense layers on features, down to a linear bottleneck and up again. */
export function denseAutoencoder(windows: LabelledWindows, options: TrainOptions): AutoencoderKind {
  const spec = chooseFeatures(options.features, windows);
  const shape = { channels: windows.channels.length, window: windows.window };
  const features = extractAll(spec, shape, windows.samples);
  const size = features.length / windows.count;
  const bottom = Math.min(BOTTLENECK_MAX, Math.max(1, Math.round(size * BOTTLENECK_SHARE)));
  const down = options.hidden ?? [Math.min(UNITS.most, Math.max(4 * bottom, UNITS.least)), bottom];
  const layer = (channels: number, relu: boolean): Step => ({ kind: 'dense', channels, relu });
  const plan = [
    ...down.map((width, l) => layer(width, l + 1 < down.length)),
    ...down
      .slice(0, -1)
      .reverse()
      .map((width) => layer(width, true)),
    layer(size, false),
  ];
  return {
    spec,
    features,
    signal: { columns: 1, channels: size },
    plan,
    normalisation: (rows) => fitNormalisation(rows, size, 'linear'),
    signals: (inputs) => inputs,
    network: (layers) => denseNetwork(layers as DenseLayer[], 'none'),
    reach: () => FEATURE_REACH,
  };
}

/** Convolutions over raw windows. */
export function convolutionalAutoencoder(windows: LabelledWindows, options: TrainOptions): AutoencoderKind {
  const signal = { columns: windows.window, channels: windows.channels.length };
  const { hidden, channelsOut = CHANNELS_OUT, kernel: taps = 5 } = options;
  return {
    spec: { kind: 'raw' },
    features: windows.samples,
    signal,
    plan: autoencoderPlan(signal, { taps, hidden, channelsOut }),
    normalisation: (rows) => channelNormalisation(rows, signal.channels, signal.columns),
    signals: (inputs) => framesOf(inputs, signal),
    network: (layers) => takingWindows(layers, signal, true),
    reach: reachOf,
  };
}
