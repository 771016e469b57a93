import type { GuardOptions } from './slow-change-guard.ts';

/**
 * How an anomaly model learns from windows that nobody labelled. Everything counts windows, not time, so that a replay
 * comes to the same; scores are in units of the threshold that the model was shipped with. The defaults were chosen on
 * a simulated pump of other seeds than those measured, and checked on a recording of a real machine
 * (docs/learning-anomaly.md).
 */
export interface UnlabelledOptions extends GuardOptions {
  /** Normal windows kept to learn from, >= batch. */
  readonly windows: number;
  /** One window of this many is kept and pays for one gradient step, >= 1. */
  readonly stride: number;
  /** Windows per gradient step, >= 1. */
  readonly batch: number;
  /** Adam's step size, > 0. */
  readonly learningRate: number;
  /** Windows that must stay normal after a window before it is learned: what leads up to a fault is not. >= 1 */
  readonly quarantine: number;
  /** Share of the mixture's weight that returns to the prior with every window learned, 0 to 1. */
  readonly share: number;
  /** Share of normal windows that the threshold is to lie above, between 0 and 1. */
  readonly quantile: number;
  /** Gain with which the threshold follows it (`OnlineQuantile`). */
  readonly thresholdRate: number;
  /** A threshold rises by at most one step in so many windows: a burst of odd windows is one event. >= 1 */
  readonly thresholdPause: number;
}

export const defaultUnlabelledOptions: UnlabelledOptions = {
  windows: 256,
  stride: 4,
  batch: 16,
  learningRate: 0.002,
  quarantine: 8,
  share: 0.002,
  quantile: 0.99,
  thresholdRate: 0.02,
  thresholdPause: 25,
  settlingWindows: 100,
  levelRate: 0.02,
  riseMax: 1,
  reach: 3,
};
