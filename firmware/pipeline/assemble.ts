import type { AdapterPoint } from '../../kernels/adapter-point.ts';
import { AdapterPool, storedBytes, workingFor } from '../../kernels/adapters/adapter-pool.ts';
import type { AdapterSet } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner, type Curriculum } from '../../kernels/learning/adapter-learner.ts';
import { Context } from '../../kernels/learning/context.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { DriftEpisodes } from '../../kernels/learning/drift-episodes.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { LabelValue } from '../../kernels/learning/label-value.ts';
import { LinearExpert } from '../../kernels/learning/linear-expert.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { replayBytesFor, replayCapacity } from '../../kernels/learning/replay-memory.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { Temperature } from '../../kernels/learning/temperature.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { AdapterChoice } from './adapter-choice.ts';
import { createShared } from './create-shared.ts';
import { createUnlabelled } from './create-unlabelled.ts';
import { ExpertLearning } from './expert-learning.ts';
import { ExpertPanel, writeInput } from './expert-panel.ts';
import { GivenPart } from './given-part.ts';
import { LabelLearning } from './label-learning.ts';
import type { LoadedModel } from './loaded-model.ts';
import {
  type ExpertName,
  expertsFor,
  ownExpertNames,
  type PipelineOptions,
  readsOpinions,
  WORKING_MAX,
} from './options.ts';
import { PendingWindows } from './pending-windows.ts';
import type { SharedExpert } from './shared-expert.ts';
import { type Layout, SnapshotCodec, type StateArray } from './snapshot.ts';
import type { TaskHead } from './tasks/contract.ts';
import { createTaskHead } from './tasks/create.ts';
import type { UnlabelledLearning } from './unlabelled-learning.ts';

/**
 * How often the linear expert takes each window of the factory: labels of the stream are soon many times as many, and
 * it would forget the machine as it was shipped. On gas, seeds 0 to 2, segment 1 falls by 1.4, 2.7 and 1.4 points with
 * once, by 0.7, 1.4 and 0.0 with four times (docs/learning-continual.md).
 */
const FACTORY_TIMES = 4;

/** The experts that a snapshot of version 1 may have weights of. */
const VERSION_1_EXPERTS: readonly ExpertName[] = ['frozen', 'renormalised', 'local'];

/** Deviations that a byte reaches to for a model that takes float features. */
const FLOAT_REACH = 8;

/** What a pipeline is made of, wired to each other. */
export interface PipelineParts {
  readonly experts: readonly ExpertName[];
  readonly head: TaskHead;
  readonly statistics: StreamStatistics;
  readonly panel: ExpertPanel;
  readonly mixture: Mixture;
  /** Of the mixture's confidence; null where there are no classes. */
  readonly calibration: Temperature | null;
  readonly value: LabelValue;
  readonly pending: PendingWindows;
  readonly replay: ReplayBuffer;
  readonly episodes: DriftEpisodes;
  readonly learning: LabelLearning;
  /** null where it is not among the experts. */
  readonly shared: SharedExpert | null;
  /** Of `shared`, what others gave it. */
  readonly given: GivenPart | null;
  /** Of an anomaly model that follows its machine; null for any other. */
  readonly unlabelled: UnlabelledLearning | null;
  readonly codec: SnapshotCodec;
  readonly adapterParameters: number;
  readonly adapters: AdapterSet | null;
  readonly adapterSeed: string;
  /** Whether A of the adapters learns. */
  readonly learnsA: boolean;
  readonly pool: AdapterPool | null;
  /** null where there is only one adapter to choose. */
  readonly choice: AdapterChoice | null;
}

/** Makes every part of a pipeline; all memory is taken here. */
export function assemble(options: PipelineOptions, loaded: LoadedModel): PipelineParts {
  const { learning: how, pendingWindows } = options;
  const { runner, features, card } = loaded;
  const experts = expertsFor(card, options.experts);
  const head = createTaskHead(card, runner, experts.length);
  const { classes } = head;
  const identity = new Fingerprint();
  identity.addBytes(options.model);
  const adapterSeed = options.adapterSeed ?? identity.text;
  // What was learned with another A is another state.
  if (adapterSeed !== identity.text) identity.addBytes(new TextEncoder().encode(adapterSeed));
  const adapters = loaded.chain.length === 0 ? null : createAdapters(options, loaded, adapterSeed);
  const statistics = new StreamStatistics(features.size, how.statisticsPrior, how.statisticsMemory);
  const prior = priorInFavourOfFirst(experts.length, how.frozenAdvantage);
  const share = card.task === 'anomaly' ? options.unlabelled.share : how.share;
  const mixture = new Mixture({ classes, prior, share });
  // What a streaming model says depends on the windows before: nobody could ask it again after a restart.
  const asks = how.linearReadsFrozen && !loaded.interpreter.hasState && readsOpinions(features.size, classes);
  const linear = experts.includes('linear')
    ? new LinearExpert({ features: features.size, opinions: asks ? classes : 0, classes, share: how.share })
    : null;
  const context = experts.includes('context') ? new Context(classes) : null;
  const calibration = card.task === 'classification' ? new Temperature(classes, how.share) : null;
  const pending = new PendingWindows(pendingWindows, features.size, experts.length, classes);
  const value = new LabelValue(features.size, card.task === 'classification' ? classes : 0);
  // What takes no labels has none to learn from again.
  const replay = createReplay(options, loaded, classes);
  const random = createRandom(options.seed, 'replay buffer');
  const several = options.pool.adaptersMax > 1;
  const curriculum: Curriculum = {
    // What the factory brought along belongs to every adapter.
    suits: (slot, turn) => choice === null || slot >= replay.capacity || choice.suits(slot, turn),
    met: (slot, loss) => {
      if (slot < replay.capacity) choice?.met(slot, loss);
    },
  };
  const learner =
    adapters === null || card.task !== 'classification'
      ? null
      : createLearner(options, loaded, adapters, replay, random, several ? { curriculum } : {});
  const shared =
    learner === null || !experts.includes('shared')
      ? null
      : createShared(options, loaded, {
          ...{
            adapters: createAdapters(options, loaded, adapterSeed),
            adapterSeed,
            replay,
            beside: learner,
            experts,
            mixture,
          },
          random: createRandom(options.seed, 'replay for the shared expert'),
        });
  const given = shared === null ? null : new GivenPart(shared);
  const unlabelled = createUnlabelled(options, loaded, { experts, head, adapters, mixture, pending });
  const taught = learner ?? unlabelled?.learner ?? null;
  const pool = taught === null ? null : createPool(options, loaded, taught);
  const choice = pool === null || learner === null || !several ? null : createChoice(options, loaded, pool);
  const choose = choice === null ? null : (index: number): void => choice.choose(index);
  const sets = { local: adapters, shared: shared?.adapters ?? null };
  const panel = new ExpertPanel(experts, head, runner, statistics, sets, { linear, context, mixture }, choose);
  const episodes = new DriftEpisodes({
    distance: how.driftDistance,
    calmWindows: how.driftCalmWindows,
    delta: how.driftDelta,
  });
  const { normaliser } = loaded;
  const frozen = asks ? (z: Float32Array): Float32Array => panel.frozen(z) : null;
  const heard = { pending, mixture, calibration, linear, context, gains: shared?.gains ?? null };
  const judges = new ExpertLearning({ ...heard, classes, frozen });
  const brought = new Float32Array(features.size);
  for (let slot = replay.capacity; linear !== null && slot < replay.slots; slot++) {
    replay.read(slot, brought);
    judges.restore(brought, replay.labelOf(slot), FACTORY_TIMES);
  }
  const steps = { learner, shared: shared?.learner ?? null };
  const learning = new LabelLearning({ pending, replay, judges, ...steps, choice, normaliser, episodes, how });
  const before = (withA: boolean): readonly StateArray[] => [
    learning.firstUnlearned,
    ...(taught?.stateOf(withA).learned ?? []),
    ...[statistics.mean, statistics.variance, statistics.weight],
  ];
  const after = [random.state, ...(choice?.arrays ?? [])];
  const later = (withA: boolean): readonly StateArray[] => [
    ...[replay.priorities, episodes.state, episodes.errors.yes, episodes.errors.used, learning.consolidation.due],
    ...(learner?.stateOf(withA).held ?? []),
    ...(linear === null ? [] : [linear.temperature.weights]),
    ...(context === null ? [] : [context.belief]),
    ...(calibration === null ? [] : [calibration.weights]),
    ...(unlabelled?.state ?? []),
  ];
  const whole = (withA: boolean, weights: Float64Array): readonly StateArray[] => [
    ...[...before(withA), weights, ...after, ...later(withA)],
  ];
  /** What is stored without some of the experts: their weights among each other, and none of the others' state. */
  const without = (version: number, known: readonly ExpertName[], of: (weights: Float64Array) => Layout['arrays']) => {
    const places = [...experts.keys()].filter((e) => known.includes(experts[e]!));
    const weights = new Float64Array(places.length);
    return { version, arrays: of(weights), adopt: () => mixture.adopt(weights, places) };
  };
  const codec = new SnapshotCodec(
    identity.words,
    [...whole(true, mixture.weights), ...(shared?.state ?? []), ...(given?.state ?? [])],
    [
      ...(shared === null ? [] : [without(3, ownExpertNames, (weights) => whole(true, weights))]),
      without(2, ownExpertNames, (weights) => whole(false, weights)),
      without(1, VERSION_1_EXPERTS, (weights) => [...before(false), weights, ...after]),
    ],
  );
  const own = { unlabelled, adapters, adapterSeed, learnsA: taught?.learnsA ?? false, pool, choice };
  const adapterParameters = taught?.parameterCount ?? 0;
  const deciding = { experts, head, statistics, panel, mixture, calibration, value, pending, replay, episodes };
  return { ...deciding, learning, codec, adapterParameters, shared, given, ...own };
}

/** Every gateway with this model gets the same A without asking: averaging B is then averaging BA. */
function createAdapters({ learning }: PipelineOptions, { interpreter, chain }: LoadedModel, seed: string): AdapterSet {
  const { rank, scaling } = learning;
  const adapters = interpreter.createAdapterSet({ rank, scaling, points: chain });
  initialiseAdapters(adapters, createRandom(Number.parseInt(seed.slice(0, 8), 16), `adapter A ${seed}`));
  return adapters;
}

/** Windows are kept as the model reads them: an int8 input loses nothing, a float one is cut to what `train` would. */
function createReplay(
  { replayBytes, replayBytesMax, replayCapacity: most, learning }: PipelineOptions,
  { runner, features, factory }: LoadedModel,
  classes: number,
): ReplayBuffer {
  const { data, scale, zeroPoint } = runner.inputs[0]!;
  const code = data instanceof Int8Array ? { scale, zeroPoint } : { scale: FLOAT_REACH / 128, zeroPoint: 0 };
  // A float input has bytes of its own, which those of the file are not.
  const factoryWindows =
    data instanceof Int8Array ? Math.min(learning.factoryWindowsMax, factory?.labels.length ?? 0) : 0;
  const bytes = replayBytesFor(replayBytes, replayBytesMax, { features: features.size, classes, factoryWindows });
  const replay = new ReplayBuffer({
    ...code,
    ...{ featureCount: features.size, classes, factoryWindows },
    capacity: classes === 0 ? 0 : replayCapacity(bytes, most, features.size, factoryWindows),
    ...{ alpha: learning.priorityAlpha, factoryShare: learning.factoryShare },
  });
  for (let w = 0; w < factoryWindows; w++) {
    replay.keep(factory!.features.subarray(w * features.size, (w + 1) * features.size), factory!.labels[w]!);
  }
  return replay;
}

function createLearner(
  { learning }: PipelineOptions,
  { model, card, interpreter, chain, features }: LoadedModel,
  adapters: AdapterSet,
  replay: ReplayBuffer,
  random: Random,
  which: { curriculum?: Curriculum },
): AdapterLearner {
  const replayed = new Float32Array(features.size);
  const present = (slot: number): void => {
    replay.read(slot, replayed);
    writeInput(interpreter, replayed);
  };
  const loss = new CrossEntropy({
    logits: interpreter.logits,
    classes: card.labels.length,
    labels: replay,
    smoothing: learning.labelSmoothing,
  });
  const holds = which.curriculum === undefined ? learning : { ...learning, lambda: 0 };
  const learner = new AdapterLearner({
    ...{ model, interpreter, adapters, chain, loss, replay, present, random, ...which },
    // An anchor belongs to one adapter: a pool keeps tasks apart by giving each its own.
    learning: holds,
    paceOfA: learning.learnA,
  });
  // The factory is the first that must not be forgotten: its anchor is the model as it was shipped.
  for (let at = 0; at < replay.total; at++) learner.consolidate(at);
  return learner;
}

/** Names, flags, steps, places and what else is known of an adapter, beside its stored form and its centroid. */
const KNOWN_BYTES = 128;

function createPool({ pool }: PipelineOptions, loaded: LoadedModel, learner: AdapterLearner): AdapterPool {
  const { adaptersMax, bytesMax } = pool;
  const { parameters, codecs, adam } = learner;
  const { first, second, powers } = adam;
  const eachBytes = storedBytes(codecs, { parameters }) + 4 * penultimate(loaded).inFeatures + KNOWN_BYTES;
  const fitting = workingFor(bytesMax, adaptersMax, eachBytes, first.length);
  if (adaptersMax > 1 && fitting < 1) {
    const what = `${adaptersMax} adapters of ${eachBytes} bytes do not fit the ${bytesMax} of the board`;
    throw new RangeError(`${what}: choose a smaller learning.pool.adaptersMax`);
  }
  const workingMax = Math.max(1, Math.min(fitting, WORKING_MAX));
  const live = { parameters, first, second, powers, publish: () => learner.publish() };
  return new AdapterPool({ adaptersMax, workingMax, codecs, sharesA: !learner.learnsA, live });
}

function createChoice(
  { pool: chooser, pendingWindows, replayCapacity }: PipelineOptions,
  loaded: LoadedModel,
  pool: AdapterPool,
): AdapterChoice {
  const point = penultimate(loaded);
  return new AdapterChoice({ pool, chooser, point, pendingWindows, replayCapacity });
}

/** The layer that makes the logits. */
function penultimate({ interpreter, chain }: LoadedModel): AdapterPoint {
  return interpreter.adapterPoints[chain.at(-1)!]!;
}
