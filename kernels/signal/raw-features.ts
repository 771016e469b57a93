/** The window itself, flattened channel-major: the choice for windows of one sample. */
export function createRawFeatures({ channels, window }: { channels: number; window: number }) {
  const names: string[] = [];
  for (let c = 0; c < channels; c += 1) {
    for (let i = 0; i < window; i += 1) names.push(window === 1 ? `c${c}` : `c${c}.${i}`);
  }
  const extract = (samples: Float32Array, out: Float32Array): void => out.set(samples);
  return { size: names.length, names, extract };
}
