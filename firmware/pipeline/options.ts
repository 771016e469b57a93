import { type ChooserOptions, defaultChooserOptions } from '../../kernels/adapters/adapter-chooser.ts';
import { checkLearningOptions, defaultLearningOptions, type LearningOptions } from '../../kernels/learning/options.ts';
import { defaultUnlabelledOptions, type UnlabelledOptions } from '../../kernels/learning/unlabelled-options.ts';
import { defaultModelLimits, type ModelLimits } from '../../kernels/limits.ts';
import type { ModelCard } from '../../protocols/model-card.ts';

/** In the order of every list that has one entry per expert; `frozen` is always there, `context` reads the others. */
export const expertNames = ['frozen', 'renormalised', 'local', 'shared', 'linear', 'context'] as const;
export type ExpertName = (typeof expertNames)[number];

/** Those of a node that nobody shares with: `shared` alone would be a second `local`, at its cost. */
export const ownExpertNames: readonly ExpertName[] = expertNames.filter((name) => name !== 'shared');

/** `linear` takes features² / 2 doubles: 0.26 MB at this many. */
export const LINEAR_FEATURES_MAX = 256;

/** Whether it has room for what the frozen model says of each class, beside the features. */
export const readsOpinions = (features: number, classes: number): boolean => features + classes <= LINEAR_FEATURES_MAX;

/**
 * The experts that decide, in their order: of those asked for, the ones that make sense, and always `frozen`. A
 * classifier learns from labels, an autoencoder from what it judges normal (`UnlabelledLearning`), a regressor from
 * nothing. The inputs of the latter two do not follow the stream: that would take a slow change of what is measured, or
 * a growing fault, for a drift of the sensor. `linear` is left out where its matrix would be too large.
 */
export function expertsFor(
  { task, normalisation }: Pick<ModelCard, 'task' | 'normalisation'>,
  asked: readonly ExpertName[],
): ExpertName[] {
  const fits = (name: ExpertName): boolean =>
    HELPING[task].includes(name) && (name !== 'linear' || normalisation.mean.length <= LINEAR_FEATURES_MAX);
  return expertNames.filter((name) => name === 'frozen' || (asked.includes(name) && fits(name)));
}

const HELPING: Readonly<Record<ModelCard['task'], readonly ExpertName[]>> = {
  classification: expertNames,
  regression: [],
  anomaly: ['local'],
};

export interface PipelineOptions {
  /** The .tflite file, with a model card in its metadata. */
  readonly model: Uint8Array;
  /** Of whatever is drawn while learning. The adapters' A comes from the model instead: a fleet shares it. */
  readonly seed: number;
  readonly experts: readonly ExpertName[];
  readonly limits: ModelLimits;
  /** Labelled windows kept to learn from again; at least the model's classes. */
  readonly replayCapacity: number;
  /** Bytes that they and the factory's may take; more for large windows (`replayBytesFor`), never above the other. */
  readonly replayBytes: number;
  readonly replayBytesMax: number;
  /** Latest windows whose label is still waited for; memory is features + experts × classes floats each. */
  readonly pendingWindows: number;
  readonly learning: LearningOptions;
  /** Of an anomaly model. */
  readonly unlabelled: UnlabelledOptions;
  readonly shared: SharedOptions;
  readonly pool: PoolOptions;
  /** What A is drawn from, 16 hexadecimal digits; the model's own bytes when null. */
  readonly adapterSeed: string | null;
}

/** Where the shared expert learns otherwise than the local one. */
export type SharedOptions = Pick<LearningOptions, 'learningRate' | 'weightDecay' | 'batch'>;

/** Chosen on har with other subjects and seeds than those of the figures (docs/mesh-shared.md). */
export const defaultSharedOptions: SharedOptions = { learningRate: 0.007, weightDecay: 0.1, batch: 32 };

/** How many adapters a node keeps, and how it chooses among them. */
export interface PoolOptions extends ChooserOptions {
  /** 1 is one adapter for all that happens. */
  readonly adaptersMax: number;
  /**
   * Whether each adapter of several learns an A of its own, at `learning.learnA`; one alone always does. With one A
   * for all, adapters are smaller, and two that become one are averaged exactly.
   */
  readonly learnsA: boolean;
  /** Of stored forms and working states. */
  readonly bytesMax: number;
}

/** Working states beyond these would mostly make snapshots larger. */
export const WORKING_MAX = 8;
export const ADAPTERS_MAX = 1024;

/** Everything but the model and the seed. */
export const defaultPipelineOptions: Omit<PipelineOptions, 'model' | 'seed'> = {
  experts: ownExpertNames,
  limits: defaultModelLimits,
  replayCapacity: 2048,
  replayBytes: 64 * 1024,
  replayBytesMax: 1024 * 1024,
  pendingWindows: 1024,
  learning: defaultLearningOptions,
  unlabelled: defaultUnlabelledOptions,
  shared: defaultSharedOptions,
  pool: { ...defaultChooserOptions, adaptersMax: 1, learnsA: false, bytesMax: 2 * 1024 * 1024 },
  adapterSeed: null,
};

/** Throws a RangeError that names the first option out of its range. */
export function checkPipelineOptions(options: PipelineOptions): void {
  const { pendingWindows, experts } = options;
  if (!(Number.isInteger(pendingWindows) && pendingWindows >= 1)) {
    throw new RangeError(`pendingWindows is ${pendingWindows}: choose a whole number of 1 or more`);
  }
  const unknown = experts.find((name) => !expertNames.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`no expert is called ${unknown}: choose among ${expertNames.join(', ')}`);
  checkLearningOptions(options.learning);
  checkLearningOptions({ ...options.learning, ...options.shared });
  const { adaptersMax, memory, hysteresis, novelty } = options.pool;
  const whole = (value: number, max: number): boolean => Number.isInteger(value) && value >= 1 && value <= max;
  if (!(whole(adaptersMax, ADAPTERS_MAX) && whole(memory, 1e6) && whole(hysteresis, 1e6) && novelty > 1)) {
    const range = `choose 1 to ${ADAPTERS_MAX} adapters, memory and hysteresis in whole windows, novelty above 1`;
    throw new RangeError(`pool: ${adaptersMax}, ${memory}, ${hysteresis}, ${novelty}; ${range}`);
  }
}
