const NAMES = [
  'mean',
  'deviation',
  'minimum',
  'maximum',
  'rms',
  'difference', // mean |v[i] - v[i-1]|: how rough the signal is
  'skewness',
  'kurtosis', // excess: 0 for a Gaussian, large for impulses
  'crest', // largest |v - mean| over the deviation
  'crossings', // share of neighbouring samples on different sides of the mean: a frequency without an FFT
] as const;

/** Ten moments and shape figures of each channel; shape figures of a constant channel are 0. */
export function createStatisticsFeatures({ channels, window }: { channels: number; window: number }) {
  const names: string[] = [];
  for (let c = 0; c < channels; c += 1) for (const name of NAMES) names.push(`c${c}.${name}`);
  const extract = (samples: Float32Array, out: Float32Array): void => {
    for (let c = 0; c < channels; c += 1) describe(samples, c * window, window, out, c * NAMES.length);
  };
  return { size: names.length, names, extract };
}

/** Two passes, sums in sample order in f64: the mean first, so that an offset does not eat the moments. */
function describe(samples: Float32Array, from: number, window: number, out: Float32Array, at: number): void {
  let sum = 0;
  let squares = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (let i = from; i < from + window; i += 1) {
    const v = samples[i]!;
    sum += v;
    squares += v * v;
    if (v < minimum) minimum = v;
    if (v > maximum) maximum = v;
  }
  const mean = sum / window;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  let difference = 0;
  let crossings = 0;
  for (let i = from; i < from + window; i += 1) {
    const d = samples[i]! - mean;
    const dd = d * d;
    m2 += dd;
    m3 += dd * d;
    m4 += dd * dd;
    if (i === from) continue;
    difference += Math.abs(samples[i]! - samples[i - 1]!);
    if (d < 0 !== samples[i - 1]! - mean < 0) crossings += 1;
  }
  const variance = m2 / window;
  const deviation = Math.sqrt(variance);
  const steps = window > 1 ? window - 1 : 1;
  const varies = variance > 0;
  out[at] = mean;
  out[at + 1] = deviation;
  out[at + 2] = minimum;
  out[at + 3] = maximum;
  out[at + 4] = Math.sqrt(squares / window);
  out[at + 5] = difference / steps;
  out[at + 6] = varies ? m3 / window / (variance * deviation) : 0;
  out[at + 7] = varies ? m4 / window / (variance * variance) - 3 : 0;
  out[at + 8] = varies ? Math.max(maximum - mean, mean - minimum) / deviation : 0;
  out[at + 9] = crossings / steps;
}
