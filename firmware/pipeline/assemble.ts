import type { AdapterPoint } from '../../kernels/adapter-point.ts';
import { AdapterPool, storedBytes, workingFor } from '../../kernels/adapters/adapter-pool.ts';
import { FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import type { AdapterSet } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner, type Curriculum } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { LabelValue } from '../../kernels/learning/label-value.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { AdapterChoice } from './adapter-choice.ts';
import { ExpertPanel, writeInput } from './expert-panel.ts';
import { LabelLearning } from './label-learning.ts';
import type { LoadedModel } from './loaded-model.ts';
import { type ExpertName, expertsFor, type PipelineOptions, WORKING_MAX } from './options.ts';
import { PendingWindows } from './pending-windows.ts';
import { SnapshotCodec } from './snapshot.ts';
import type { TaskHead } from './tasks/contract.ts';
import { createTaskHead } from './tasks/create.ts';

/** What a pipeline is made of, wired to each other. */
export interface PipelineParts {
  readonly experts: readonly ExpertName[];
  readonly head: TaskHead;
  readonly statistics: StreamStatistics;
  readonly panel: ExpertPanel;
  readonly mixture: Mixture;
  readonly value: LabelValue;
  readonly pending: PendingWindows;
  readonly learning: LabelLearning;
  readonly codec: SnapshotCodec;
  readonly adapterParameters: number;
  readonly adapters: AdapterSet | null;
  readonly adapterSeed: string;
  readonly pool: AdapterPool | null;
  /** null where there is only one adapter to choose. */
  readonly choice: AdapterChoice | null;
}

/** Makes every part of a pipeline; all memory is taken here. */
export function assemble(options: PipelineOptions, loaded: LoadedModel): PipelineParts {
  const { learning: how, pendingWindows, replayCapacity } = options;
  const { runner, features, card } = loaded;
  const head = createTaskHead(card, runner);
  const { classes } = head;
  const experts = expertsFor(card.task, options.experts);
  const identity = new Fingerprint();
  identity.addBytes(options.model);
  const adapterSeed = options.adapterSeed ?? identity.text;
  // What was learned with another A is another state.
  if (adapterSeed !== identity.text) identity.addBytes(new TextEncoder().encode(adapterSeed));
  const adapters = loaded.chain.length === 0 ? null : createAdapters(options, loaded, adapterSeed);
  const statistics = new StreamStatistics(features.size, how.statisticsPrior, how.statisticsMemory);
  const prior = priorInFavourOfFirst(experts.length, how.frozenAdvantage);
  const mixture = new Mixture({ classes, prior, share: how.share });
  const pending = new PendingWindows(pendingWindows, features.size, experts.length, classes);
  const value = new LabelValue(features.size, card.task === 'classification' ? classes : 0);
  // What takes no labels has none to learn from again.
  const replay = new ReplayBuffer(classes === 0 ? 0 : replayCapacity, features.size, classes);
  const random = createRandom(options.seed, 'replay buffer');
  const several = options.pool.adaptersMax > 1;
  const curriculum: Curriculum = {
    suits: (slot, turn) => choice === null || choice.suits(slot, turn),
    met: (slot, loss) => choice?.met(slot, loss),
  };
  const learner =
    adapters === null ? null : createLearner(options, loaded, adapters, replay, random, several ? { curriculum } : {});
  const pool = learner === null ? null : createPool(options, loaded, learner);
  const choice = pool === null || !several ? null : createChoice(options, loaded, pool);
  const choose = choice === null ? null : (index: number): void => choice.choose(index);
  const panel = new ExpertPanel(experts, head, runner, statistics, adapters, choose);
  const learning = new LabelLearning(pending, replay, mixture, learner, how.stepsPerLabel, choice);
  const codec = new SnapshotCodec(identity.words, [
    learning.firstUnlearned,
    ...(learner === null ? [] : learner.parameters),
    ...(learner === null ? [] : [learner.adam.first, learner.adam.second, learner.adam.powers]),
    ...[statistics.mean, statistics.variance, statistics.weight],
    mixture.weights,
    random.state,
    ...(choice?.arrays ?? []),
  ]);
  const own = { adapters, adapterSeed, pool, choice };
  const adapterParameters = learner?.parameterCount ?? 0;
  return { experts, head, statistics, panel, mixture, value, pending, learning, codec, adapterParameters, ...own };
}

/** Every gateway with this model gets the same A without asking: averaging B is then averaging BA. */
function createAdapters({ learning }: PipelineOptions, { interpreter, chain }: LoadedModel, seed: string): AdapterSet {
  const { rank, scaling } = learning;
  const adapters = interpreter.createAdapterSet({ rank, scaling, points: chain });
  initialiseAdapters(adapters, createRandom(Number.parseInt(seed.slice(0, 8), 16), `adapter A ${seed}`));
  return adapters;
}

function createLearner(
  { learning }: PipelineOptions,
  { card, interpreter, chain, features, normaliser }: LoadedModel,
  adapters: AdapterSet,
  replay: ReplayBuffer,
  random: Random,
  which: { curriculum?: Curriculum },
): AdapterLearner {
  const replayed = new Float32Array(features.size);
  const present = (slot: number): void => {
    replay.read(slot, replayed);
    normaliser.apply(replayed, replayed);
    writeInput(interpreter, replayed);
  };
  const loss = new CrossEntropy({
    logits: interpreter.logits,
    classes: card.labels.length,
    labels: replay,
    smoothing: learning.labelSmoothing,
  });
  return new AdapterLearner({ interpreter, adapters, chain, loss, replay, present, random, learning, ...which });
}

/** Names, flags, steps, places and what else is known of an adapter, beside its stored form and its centroid. */
const KNOWN_BYTES = 128;

function createPool({ pool, learning }: PipelineOptions, loaded: LoadedModel, learner: AdapterLearner): AdapterPool {
  const { adaptersMax, bytesMax } = pool;
  const { parameters, adam } = learner;
  const { first, second, powers } = adam;
  const codec = new FactorCodec(learning.factorBits);
  const eachBytes = storedBytes(codec, { parameters }) + 4 * penultimate(loaded).inFeatures + KNOWN_BYTES;
  const fitting = workingFor(bytesMax, adaptersMax, eachBytes, first.length);
  if (adaptersMax > 1 && fitting < 1) {
    const what = `${adaptersMax} adapters of ${eachBytes} bytes do not fit the ${bytesMax} of the board`;
    throw new RangeError(`${what}: choose a smaller learning.pool.adaptersMax`);
  }
  const workingMax = Math.max(1, Math.min(fitting, WORKING_MAX));
  const live = { parameters, first, second, powers, publish: () => learner.publish() };
  return new AdapterPool({ adaptersMax, workingMax, codec, live });
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
