import { boardProfile } from '../boards/registry.ts';
import { ringBytes } from '../kernels/ring.ts';
import type { ModelCard } from '../protocols/model-card.ts';
import { type Budget, budgetOf, requireBudget } from './budget.ts';
import { brokerLimits } from './configuration/broker-limits.ts';
import { ASKS_PER_DAY, learningOptions } from './configuration/learning.ts';
import type { Configuration } from './configuration.ts';
import { type Compute, ringShape, startCompute, WORKER_HEAP_BYTES } from './io/compute.ts';
import { modelHash } from './io/files.ts';
import { NATIVE_ENGINE_BYTES } from './io/native-engine.ts';
import { readModelCard } from './model-file.ts';
import { modelLimitsOf } from './model-limits.ts';
import { defaultPipelineOptions, type ExpertName, expertsFor, type PipelineOptions } from './pipeline.ts';

/** What will be computed, decided once from configuration, model and board. */
export interface ComputePlan {
  readonly card: ModelCard;
  /** Of the model file; everything learned belongs to it. */
  readonly hash: string;
  readonly experts: readonly ExpertName[];
  readonly pipeline: PipelineOptions;
  readonly pendingWindows: number;
  /** What it all takes at most; it fits the board. */
  readonly budget: Budget;
  /** Starts a compute worker; another one takes the place of a failed one. */
  start(): Compute;
}

/**
 * @param notice hears which of the experts asked for cannot help with this model
 * @throws ModelError, ModelCardError: the model is damaged, too large for the board, or has no card
 * @throws NodeError `overBudget`: all together is too large for the board
 */
export const planCompute = (
  configuration: Configuration,
  model: Uint8Array,
  notice: (text: string) => void,
): ComputePlan => {
  const { seed, sensor, broker, engine = 'wasm' } = configuration;
  const board = boardProfile(configuration.board);
  const { pendingWindows, replayCapacity, replayBytesMax, ringRows } = board;
  const limits = modelLimitsOf(board);
  const card = readModelCard(model, limits);
  // Who joins the mesh shares an expert, whether or not it is on the list.
  const asked: readonly ExpertName[] =
    configuration.mesh === undefined ? configuration.experts : [...configuration.experts, 'shared'];
  const experts = expertsFor(card, asked);
  const idle = asked.filter((name) => !experts.includes(name));
  if (idle.length > 0) {
    const rest = experts.length === 1 ? 'frozen decides alone' : 'the others decide';
    notice(`${idle.join(', ')} cannot help ${WHAT[card.task]}: ${rest} (experts in the configuration)`);
  }
  const sizes = { limits, pendingWindows, replayCapacity, replayBytesMax };
  const learned = learningOptions(configuration.learning, board.learningPoolBytesMax);
  const pipeline = { ...defaultPipelineOptions, ...sizes, ...learned, model, seed, experts };
  const learning = { msPerSecond: board.learningMsPerSecondMax, sliceMs: board.learningSliceMsMax };
  const { asksPerDay = ASKS_PER_DAY } = configuration.learning ?? {};
  const eager = sensor.kind === 'recording' && sensor.speed === 'max';
  const { rows, channels } = ringShape(card, ringRows);
  const budget = budgetOf({
    ...{ board, modelBytes: model.length, ringBytes: ringBytes(rows, channels), workerHeapBytes: WORKER_HEAP_BYTES },
    normalWindows: card.task === 'anomaly' && experts.includes('local') ? pipeline.unlabelled.windows : 0,
    poolBytes: pipeline.pool.adaptersMax > 1 ? pipeline.pool.bytesMax : 0,
    nativeBytes: engine === 'native' ? NATIVE_ENGINE_BYTES : 0,
    ...{ features: featuresOf(card), experts: experts.length, classes: card.labels.length },
    learners: experts.includes('shared') ? 2 : 1,
    broker: 'url' in broker ? null : brokerLimits(configuration.board, broker.limits),
  });
  requireBudget(budget, configuration.board);
  return {
    card,
    budget,
    pipeline,
    hash: modelHash(model),
    experts,
    pendingWindows,
    start: () => startCompute({ pipeline, engine, card, ringRows, eager, learning, asksPerDay }),
  };
};

/** Whom an expert cannot help, in words. */
const WHAT = { anomaly: 'an anomaly model', regression: 'a regressor', classification: 'a model of so many features' };

const featuresOf = (card: ModelCard): number => card.normalisation.transform.length;
