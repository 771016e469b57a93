import type { AdapterPool } from '../../kernels/adapters/adapter-pool.ts';
import type { AdapterSet, Interpreter } from '../../kernels/interpreter.ts';
import type { DriftView } from '../../kernels/learning/drift-episodes.ts';
import type { GuardPhase } from '../../kernels/learning/slow-change-guard.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import type { JournalEntry } from '../journal.ts';
import type { AdapterChoice } from './adapter-choice.ts';
import type { GivenPart } from './given-part.ts';
import type { Observation, StepCounts } from './label-learning.ts';
import type { ExpertName } from './options.ts';
import type { SharedParameters } from './shared-expert.ts';

/** A complete window, as the windower hands it out. */
export interface WindowInput {
  /** [channels × window], channel-major. */
  samples: Float32Array;
  /** Counts every window of the stream. */
  index: number;
  /** False when too much of it is missing to be judged. */
  valid: boolean;
}

/** The same object at every call: copy what must outlive the next one. */
export interface Decision {
  index: number;
  /** False: not judged; label and expertLabels are -1, probabilities, confidences and values 0. */
  valid: boolean;
  /** Class the mixture believes in most, and its probability; -1 and 0 where the model has no classes. */
  label: number;
  confidence: number;
  /** The same before it was calibrated. */
  rawConfidence: number;
  /** [classes], of the mixture, calibrated. */
  probabilities: Float32Array;
  /** Of the mixture: a regressor's outputs, or an anomaly model's one score; empty for a classifier. */
  values: Float32Array;
  /** [experts + 1]: scores beyond which each expert, and last the mixture, said anomaly; empty for another task. */
  thresholds: Float64Array;
  /** [experts × values] */
  expertValues: Float32Array;
  /** [experts] */
  expertLabels: Int16Array;
  expertConfidences: Float32Array;
  /** [experts], the mixture's weights at this decision; they sum to 1. */
  weights: Float32Array;
  /** Distance of the stream's statistics from the factory's, in factory deviations (`StreamStatistics.distance`). */
  drift: number;
  /** Learning without labels: what its guard says after this window; null where nothing is learned so. */
  guard: GuardPhase | null;
  /** Share of the rise that the guard allows and that is used up (`SlowChangeGuard.rise`); 0 without one. */
  rise: number;
  /** Live: the latest episode of drift, and whether it goes on. */
  readonly episodes: DriftView;
  /** How much this window's label would teach, 0 to 1 (`LabelValue.of`). */
  labelValue: number;
  /** Which adapter of the pool decided as `local`; 0 where there is one. */
  adapter: number;
}

/** The adapters of a pipeline, for whoever lists, moves or measures them. */
export interface Adaptation {
  readonly pool: AdapterPool;
  /** null for a pool of one. */
  readonly choice: AdapterChoice | null;
  /** In the engine: those of the loaded adapter. */
  readonly adapters: AdapterSet;
  /** What A was drawn from, 16 hexadecimal digits. */
  readonly seed: string;
  /** Whether A learns: then it is a part of each adapter, else all adapters have the one that was drawn. */
  readonly learnsA: boolean;
  readonly model: TfliteModel;
  readonly interpreter: Interpreter;
  /** Adapter points that have factors, in execution order. */
  readonly chain: readonly number[];
}

/** What labelled windows may take to be learned from again. */
export interface ReplayMemory {
  readonly bytes: number;
  /** Windows of the stream that fit beside those of the factory. */
  readonly windows: number;
  readonly factoryWindows: number;
}

/** Inference and learning of one node: what `run`, `replay` and the simulator all go through. */
export interface Pipeline {
  readonly card: ModelCard;
  readonly experts: readonly ExpertName[];
  readonly featureCount: number;
  /** Values that learning trains. */
  readonly adapterParameters: number;
  /** null for a model that takes no adapters. */
  readonly adaptation: Adaptation | null;
  /** What is averaged with other nodes; null where `shared` is not among the experts. */
  readonly shared: SharedParameters | null;
  /** Of `shared`, what others gave it. */
  readonly given: GivenPart | null;
  /** Labels learned from since the start of the state, restarts included. */
  readonly labels: number;
  readonly arenaBytes: number;
  readonly replayMemory: ReplayMemory;
  /** Judges a window and remembers it for its label. Allocates nothing. */
  decide(window: WindowInput): Decision;
  /** The label of a window will be asked for: it may come when many more have been decided. Allocates nothing. */
  keep(index: number): void;
  /**
   * What would be decided of a window that is not of the stream: nothing is learned from it, counted or remembered. The
   * state that a streaming model keeps between inferences moves on all the same.
   */
  probe(samples: Float32Array): Decision;
  /**
   * Takes the label of a window decided before. Cheap: gradient steps are owed. Allocates nothing.
   *
   * @param correction whether another label learned for the window gives way to this one, and does not stand
   */
  observe(index: number, label: number, correction?: boolean): Observation;
  /** Gradient steps due. */
  readonly owed: number;
  /** Takes one of them, or what is left of it: bounded time, allocates nothing. */
  step(): void;
  /** Does one sample's part of the step due. */
  advance(): void;
  readonly steps: StepCounts;
  readonly snapshotBytes: number;
  /** Writes all that was learned, but for the labels themselves (the journal's part). Returns bytes written. */
  snapshot(out: Uint8Array): number;
  /**
   * Once, before the first window: takes up an earlier run. Journal entries that the snapshot does not contain owe
   * their steps again. Returns the number of entries left out because they do not fit this model.
   *
   * @throws NodeError `snapshotDamaged`, `snapshotVersion`, `snapshotMismatch`; then nothing has changed
   */
  restore(snapshot: Uint8Array | null, journal: readonly JournalEntry[]): number;
  /** 16 hexadecimal digits over every decision so far. */
  readonly fingerprint: string;
}
