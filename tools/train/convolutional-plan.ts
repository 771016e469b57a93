import type { Signal } from './float/layer.ts';
import type { Step } from './float/plan.ts';

/** Sizes that a person may choose. */
export interface ConvolutionalSizes {
  /** Channels of the first convolution, then of each separable one, every one of which halves the columns. */
  readonly channelsOut?: readonly number[] | undefined;
  /** Taps of the separable convolutions. */
  readonly taps: number;
  /** A classifier's widths of dense layers before the last; an autoencoder's channels at the bottleneck. */
  readonly hidden?: readonly number[] | undefined;
}

const CHANNELS_OUT = [32, 64, 96] as const;
const HIDDEN = [32] as const;
/** What an autoencoder keeps of a window. */
const BOTTLENECK_SHARE = 1 / 6;
/** What the separable layers begin with; longer windows are thinned out by the first convolution. */
const COLUMNS_WANTED = 64;
/** The first convolution sees this many of its own steps at once. */
const FIRST_TAPS_PER_STEP = 4;
/** A layer that would leave fewer columns does not halve them. */
const COLUMNS_MIN = 4;

/**
 * A classifier of raw windows: one convolution over all channels, wide enough to see the shape of a wave and with steps
 * that leave some 64 columns (Zhang et al. 2017, WDCNN); depthwise separable ones that halve the columns (Howard et al.
 * 2017); the mean over time, which does not care when something happened; dense layers, the last of which gives logits.
 */
export function classifierPlan(signal: Signal, classes: number, sizes: ConvolutionalSizes): Step[] {
  const { steps } = encoder(signal, sizes);
  const { hidden = HIDDEN } = sizes;
  return [
    ...steps,
    { kind: 'mean' },
    ...hidden.map((channels): Step => ({ kind: 'dense', channels, relu: true })),
    { kind: 'dense', channels: classes, relu: false },
  ];
}

/**
 * An autoencoder of raw windows: the same way down, a linear bottleneck, and the way up by repeating columns and
 * convolving (Odena et al. 2016, "resize-convolution": no checkerboard as transposed convolutions leave).
 */
export function autoencoderPlan(signal: Signal, sizes: ConvolutionalSizes): Step[] {
  const { steps, factors, channels, columns } = encoder(signal, sizes);
  const values = signal.columns * signal.channels * BOTTLENECK_SHARE;
  const bottom = sizes.hidden?.[0] ?? Math.max(1, Math.round(values / columns));
  const convolution = (out: number, relu: boolean): Step => {
    return { kind: 'convolution', channels: out, taps: sizes.taps, stride: 1, relu };
  };
  const up = factors
    .map((factor, l): Step[] => {
      const to = l === 0 ? convolution(signal.channels, false) : convolution(channels[l - 1]!, true);
      return factor === 1 ? [to] : [{ kind: 'stretch', factor }, to];
    })
    .reverse()
    .flat();
  const bottleneck: Step = { kind: 'convolution', channels: bottom, taps: 1, stride: 1, relu: false };
  return [...steps, bottleneck, ...up];
}

/** The way down, and by which factor each of its layers thins out the columns. */
function encoder(signal: Signal, { channelsOut = CHANNELS_OUT, taps }: ConvolutionalSizes) {
  const factors: number[] = [];
  let columns = signal.columns;
  const steps = channelsOut.map((channels, l): Step => {
    const wanted = l === 0 ? powerOfTwoUpTo(columns / COLUMNS_WANTED) : 2;
    const stride = columns % wanted === 0 && columns / wanted >= COLUMNS_MIN ? wanted : 1;
    factors.push(stride);
    columns /= stride;
    if (l > 0) return { kind: 'separable', channels, taps, stride };
    return {
      kind: 'convolution',
      channels,
      taps: Math.max(taps, FIRST_TAPS_PER_STEP * stride + 1),
      stride,
      relu: true,
    };
  });
  return { steps, factors, channels: channelsOut, columns };
}

function powerOfTwoUpTo(x: number): number {
  let power = 1;
  while (power * 2 <= x) power *= 2;
  return power;
}
