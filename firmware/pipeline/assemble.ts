import { AdapterPool, storedBytes, workingFor } from '../../kernels/adapters/adapter-pool.ts';
import { FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import type { AdapterSet } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner, type Curriculum } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { AdapterChoice } from './adapter-choice.ts';
import { createUnlabelled } from './create-unlabelled.ts';
import { ExpertPanel, writeInput } from './expert-panel.ts';
import { LabelLearning } from './label-learning.ts';
import type { LoadedModel } from './loaded-model.ts';
import { type ExpertName, expertsFor, type PipelineOptions, WORKING_MAX } from './options.ts';
import { PendingWindows } from './pending-windows.ts';
import { SnapshotCodec } from './snapshot.ts';
import type { TaskHead } from './tasks/contract.ts';
import { createTaskHead } from './tasks/create.ts';
import type { UnlabelledLearning } from './unlabelled-learning.ts';

/** What a pipeline is made of, wired to each other. */
export interface PipelineParts {
  readonly experts: readonly ExpertName[];
  readonly head: TaskHead;
  readonly statistics: StreamStatistics;
  readonly panel: ExpertPanel;
  readonly mixture: Mixture;
  readonly pending: PendingWindows;
  readonly learning: LabelLearning;
  /** Of an anomaly model that follows its machine; null for any other. */
  readonly unlabelled: UnlabelledLearning | null;
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
  const experts = expertsFor(card.task, options.experts);
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
  const pending = new PendingWindows(pendingWindows, features.size, experts.length, classes);
  // What takes no labels has none to learn from again.
  const replay = new ReplayBuffer(classes === 0 ? 0 : replayCapacity, features.size, classes);
  const random = createRandom(options.seed, 'replay buffer');
  const several = options.pool.adaptersMax > 1;
  const curriculum: Curriculum = {
    suits: (slot, turn) => choice === null || choice.suits(slot, turn),
    met: (slot, loss) => choice?.met(slot, loss),
  };
  const learner =
    adapters === null || card.task !== 'classification'
      ? null
      : createLearner(options, loaded, adapters, replay, random, several ? { curriculum } : {});
  const unlabelled = createUnlabelled(options, loaded, { experts, head, adapters, mixture, pending });
  const taught = learner ?? unlabelled?.learner ?? null;
  const pool = taught === null ? null : createPool(options, taught);
  const choice = pool === null || learner === null || !several ? null : createChoice(options, loaded, pool);
  const choose = choice === null ? null : (index: number): void => choice.choose(index);
  const panel = new ExpertPanel(experts, head, runner, statistics, adapters, choose);
  const learning = new LabelLearning(pending, replay, mixture, learner, how.stepsPerLabel, choice);
  const codec = new SnapshotCodec(identity.words, [
    learning.firstUnlearned,
    ...(taught === null ? [] : taught.parameters),
    ...(taught === null ? [] : [taught.adam.first, taught.adam.second, taught.adam.powers]),
    ...[statistics.mean, statistics.variance, statistics.weight],
    mixture.weights,
    random.state,
    ...(choice?.arrays ?? []),
    ...(unlabelled?.state ?? []),
  ]);
  const own = { unlabelled, adapters, adapterSeed, pool, choice };
  const adapterParameters = taught?.parameterCount ?? 0;
  return { experts, head, statistics, panel, mixture, pending, learning, codec, adapterParameters, ...own };
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

function createPool({ pool, learning }: PipelineOptions, learner: AdapterLearner): AdapterPool {
  const { parameters, adam } = learner;
  const { first, second, powers } = adam;
  const codec = new FactorCodec(learning.factorBits);
  const fitting = workingFor(pool.bytesMax, pool.adaptersMax, storedBytes(codec, { parameters }), first.length);
  const workingMax = Math.min(fitting, WORKING_MAX);
  const live = { parameters, first, second, powers, publish: () => learner.publish() };
  return new AdapterPool({ adaptersMax: pool.adaptersMax, workingMax, codec, live });
}

function createChoice(
  { pool: chooser, pendingWindows, replayCapacity }: PipelineOptions,
  { interpreter, chain }: LoadedModel,
  pool: AdapterPool,
): AdapterChoice {
  const point = interpreter.adapterPoints[chain.at(-1)!]!;
  return new AdapterChoice({ pool, chooser, point, pendingWindows, replayCapacity });
}
