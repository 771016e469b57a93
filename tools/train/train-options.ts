import type { Recording } from '../../firmware/io/recording.ts';
import type { FeatureKind } from './feature-choice.ts';
import type { Scaling } from './standardise.ts';

export const MODEL_KINDS = ['dense', 'conv'] as const;
/** `dense`: dense layers on features of a window. `conv`: convolutions over time on the window itself. */
export type ModelKind = (typeof MODEL_KINDS)[number];

/** What the model is to say: one of the labels, or how odd a window is. */
export type TrainTask = 'classification' | 'anomaly';

export interface TrainOptions {
  readonly recording: Recording;
  /** `classification` when absent. */
  readonly task?: TrainTask;
  /** `dense` when absent. */
  readonly model?: ModelKind;
  /** Rows per window, and rows from one window's start to the next one's. */
  readonly window: number;
  readonly stride: number;
  readonly seed: number;
  readonly features: FeatureKind;
  /** Widths of the hidden dense layers; an autoencoder's lead down to its bottleneck. By the model when absent. */
  readonly hidden?: readonly number[];
  /** Channels of each convolution; by the model when absent. */
  readonly channelsOut?: readonly number[];
  /** Taps of the separable convolutions; 5 when absent. */
  readonly kernel?: number;
  /** Passes over the training windows; chosen by their number when absent. */
  readonly epochs?: number;
  /** Only this scaling; the best by measurement when absent. For dense classifiers. */
  readonly scaling?: Scaling;
  /** Share of the normal windows that do not score above an anomaly model's threshold; 0.99 when absent. */
  readonly thresholdQuantile?: number;
  /** Called as training goes on, `done` of `total` epochs of all fits. */
  readonly onProgress?: (done: number, total: number) => void;
}
