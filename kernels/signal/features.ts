import { createRawFeatures } from './raw-features.ts';
import { createSpectralFeatures } from './spectral-features.ts';
import { createStatisticsFeatures } from './statistics-features.ts';

/** What is computed from a window; data, stored in the model card. */
export type FeatureSpec =
  | { kind: 'raw' }
  | { kind: 'statistics' }
  | {
      kind: 'spectral';
      /** Band b covers FFT bins edges[b] .. edges[b+1]-1; ascending, from 1 to half the FFT length. */
      edges: readonly number[];
      /** Amplitude added before the logarithm, one per channel in the channel's unit; > 0. */
      floor: readonly number[];
    };

export interface WindowShape {
  channels: number;
  /** Samples per channel. */
  window: number;
}

export interface Features {
  readonly size: number;
  /** `c<channel>.<what>`, in the order of `extract`'s output. */
  readonly names: readonly string[];
  /** samples [channels x window] channel-major -> out [size]. Allocates nothing. */
  extract(samples: Float32Array, out: Float32Array): void;
}

/** Builds the extractor a spec describes. Throws a RangeError when the spec does not fit the window. */
export function createFeatures(spec: FeatureSpec, shape: WindowShape): Features {
  switch (spec.kind) {
    case 'raw':
      return createRawFeatures(shape);
    case 'statistics':
      return createStatisticsFeatures(shape);
    case 'spectral':
      return createSpectralFeatures(spec, shape);
  }
}
