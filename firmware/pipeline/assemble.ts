import type { AdapterSet } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { DriftEpisodes } from '../../kernels/learning/drift-episodes.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { replayCapacity } from '../../kernels/learning/replay-memory.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { ExpertPanel, writeInput } from './expert-panel.ts';
import { LabelLearning } from './label-learning.ts';
import type { LoadedModel } from './loaded-model.ts';
import { type ExpertName, expertsFor, type PipelineOptions } from './options.ts';
import { PendingWindows } from './pending-windows.ts';
import { SnapshotCodec } from './snapshot.ts';
import type { TaskHead } from './tasks/contract.ts';
import { createTaskHead } from './tasks/create.ts';

/** Deviations that a byte reaches to for a model that takes float features. */
const FLOAT_REACH = 8;

/** What a pipeline is made of, wired to each other. */
export interface PipelineParts {
  readonly experts: readonly ExpertName[];
  readonly head: TaskHead;
  readonly statistics: StreamStatistics;
  readonly panel: ExpertPanel;
  readonly mixture: Mixture;
  readonly pending: PendingWindows;
  readonly episodes: DriftEpisodes;
  readonly learning: LabelLearning;
  readonly codec: SnapshotCodec;
  readonly adapterParameters: number;
}

/** Makes every part of a pipeline; all memory is taken here. */
export function assemble(options: PipelineOptions, loaded: LoadedModel): PipelineParts {
  const { learning: how, pendingWindows } = options;
  const { runner, features, card } = loaded;
  const head = createTaskHead(card, runner);
  const { classes } = head;
  const experts = expertsFor(card.task, options.experts);
  const identity = new Fingerprint();
  identity.addBytes(options.model);
  const adapters = loaded.chain.length === 0 ? null : createAdapters(options, loaded, identity);
  const statistics = new StreamStatistics(features.size, how.statisticsPrior, how.statisticsMemory);
  const panel = new ExpertPanel(experts, head, runner, statistics, adapters);
  const prior = priorInFavourOfFirst(experts.length, how.frozenAdvantage);
  const mixture = new Mixture({ classes, prior, share: how.share });
  const pending = new PendingWindows(pendingWindows, features.size, experts.length, classes);
  // What takes no labels has none to learn from again.
  const replay = createReplay(options, loaded, classes);
  const random = createRandom(options.seed, 'replay buffer');
  const learner = adapters === null ? null : createLearner(options, loaded, adapters, replay, random);
  const episodes = new DriftEpisodes({
    distance: how.driftDistance,
    calmWindows: how.driftCalmWindows,
    delta: how.driftDelta,
  });
  const { normaliser } = loaded;
  const learning = new LabelLearning({ pending, replay, mixture, learner, normaliser, episodes, how });
  const codec = new SnapshotCodec(identity.words, [
    learning.firstUnlearned,
    ...(learner === null ? [] : learner.parameters),
    ...(learner === null ? [] : [learner.adam.first, learner.adam.second, learner.adam.powers]),
    ...[statistics.mean, statistics.variance, statistics.weight],
    mixture.weights,
    random.state,
    ...[replay.priorities, episodes.state, episodes.errors.yes, episodes.errors.used, learning.consolidation.due],
    ...(learner === null
      ? []
      : [learner.elastic.fisherDiagonal, learner.elastic.anchorParams, learner.elastic.remaining]),
  ]);
  const adapterParameters = learner?.parameterCount ?? 0;
  return { experts, head, statistics, panel, mixture, pending, episodes, learning, codec, adapterParameters };
}

/** Every gateway with this model gets the same A without asking: averaging B is then averaging BA. */
function createAdapters(
  { learning }: PipelineOptions,
  { interpreter, chain }: LoadedModel,
  identity: Fingerprint,
): AdapterSet {
  const { rank, scaling } = learning;
  const adapters = interpreter.createAdapterSet({ rank, scaling, points: chain });
  initialiseAdapters(adapters, createRandom(identity.words[0], `adapter A ${identity.text}`));
  return adapters;
}

/** Windows are kept as the model reads them: an int8 input loses nothing, a float one is cut to what `train` would. */
function createReplay(
  { replayBytes, replayCapacity: most, learning, factory }: PipelineOptions,
  { runner, features }: LoadedModel,
  classes: number,
): ReplayBuffer {
  const { data, scale, zeroPoint } = runner.inputs[0]!;
  const code = data instanceof Int8Array ? { scale, zeroPoint } : { scale: FLOAT_REACH / 128, zeroPoint: 0 };
  const factoryWindows = factory?.labels.length ?? 0;
  const replay = new ReplayBuffer({
    ...code,
    ...{ featureCount: features.size, classes, factoryWindows },
    capacity: classes === 0 ? 0 : replayCapacity(replayBytes, most, features.size, factoryWindows),
    ...{ alpha: learning.priorityAlpha, factoryShare: learning.factoryShare },
  });
  for (let w = 0; w < factoryWindows; w++) {
    replay.keep(factory!.features.subarray(w * features.size, (w + 1) * features.size), factory!.labels[w]!);
  }
  return replay;
}

function createLearner(
  { learning }: PipelineOptions,
  { card, interpreter, chain, features }: LoadedModel,
  adapters: AdapterSet,
  replay: ReplayBuffer,
  random: Random,
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
  const learner = new AdapterLearner({ interpreter, adapters, chain, loss, replay, present, random, learning });
  // The factory is the first that must not be forgotten: its anchor is the model as it was shipped.
  for (let taken = 0; learner.consolidationSteps(taken) > 0; ) taken = learner.consolidate(taken);
  return learner;
}
