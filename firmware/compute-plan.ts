import { boardProfile } from '../boards/registry.ts';
import { defaultModelLimits } from '../kernels/limits.ts';
import type { ModelCard } from '../protocols/model-card.ts';
import type { Configuration } from './configuration.ts';
import { type Compute, startCompute } from './io/compute.ts';
import { modelHash } from './io/files.ts';
import { readModelCard } from './model-file.ts';
import { defaultPipelineOptions, type ExpertName, expertsFor } from './pipeline.ts';

/** What will be computed, decided once from configuration, model and board. */
export interface ComputePlan {
  readonly card: ModelCard;
  /** Of the model file; everything learned belongs to it. */
  readonly hash: string;
  readonly experts: readonly ExpertName[];
  readonly pendingWindows: number;
  /** Starts a compute worker; another one takes the place of a failed one. */
  start(): Compute;
}

/**
 * @param notice hears which of the experts asked for cannot help with this model
 * @throws ModelError, ModelCardError: the model is damaged, too large for the board, or has no card
 */
export const planCompute = (
  configuration: Configuration,
  model: Uint8Array,
  notice: (text: string) => void,
): ComputePlan => {
  const { seed, sensor } = configuration;
  const board = boardProfile(configuration.board);
  const { modelBytesMax, arenaBytesMax, pendingWindows, replayCapacity, ringRows } = board;
  const limits = { ...defaultModelLimits, modelBytesMax, arenaBytesMax };
  const card = readModelCard(model, limits);
  const experts = expertsFor(card.task, configuration.experts);
  const idle = configuration.experts.filter((name) => !experts.includes(name));
  if (idle.length > 0) {
    const what = card.task === 'anomaly' ? 'an anomaly model' : 'a regressor';
    notice(`${idle.join(' and ')} cannot help ${what}: frozen decides alone (experts in the configuration)`);
  }
  const sizes = { limits, pendingWindows, replayCapacity };
  const pipeline = { ...defaultPipelineOptions, ...sizes, model, seed, experts };
  const eager = sensor.kind === 'recording' && sensor.speed === 'max';
  return {
    card,
    hash: modelHash(model),
    experts,
    pendingWindows,
    start: () => startCompute({ pipeline, card, ringRows, eager }),
  };
};
