import type { AdapterSet } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { Context } from '../../kernels/learning/context.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { LinearExpert } from '../../kernels/learning/linear-expert.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { Temperature } from '../../kernels/learning/temperature.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { ExpertLearning } from './expert-learning.ts';
import { ExpertPanel, writeInput } from './expert-panel.ts';
import { LabelLearning } from './label-learning.ts';
import type { LoadedModel } from './loaded-model.ts';
import { type ExpertName, expertsFor, type PipelineOptions } from './options.ts';
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
  /** Of the mixture's confidence; null where there are no classes. */
  readonly calibration: Temperature | null;
  readonly pending: PendingWindows;
  readonly learning: LabelLearning;
  readonly codec: SnapshotCodec;
  readonly adapterParameters: number;
}

/** Makes every part of a pipeline; all memory is taken here. */
export function assemble(options: PipelineOptions, loaded: LoadedModel): PipelineParts {
  const { learning: how, pendingWindows, replayCapacity } = options;
  const { runner, features, card } = loaded;
  const head = createTaskHead(card, runner);
  const { classes } = head;
  const experts = expertsFor(card, options.experts);
  const identity = new Fingerprint();
  identity.addBytes(options.model);
  const adapters = loaded.chain.length === 0 ? null : createAdapters(options, loaded, identity);
  const statistics = new StreamStatistics(features.size, how.statisticsPrior, how.statisticsMemory);
  const prior = priorInFavourOfFirst(experts.length, how.frozenAdvantage);
  const mixture = new Mixture({ classes, prior, share: how.share });
  const linear = experts.includes('linear') ? new LinearExpert(features.size, classes, how.share) : null;
  const context = experts.includes('context') ? new Context(classes) : null;
  const panel = new ExpertPanel(experts, head, runner, statistics, adapters, { linear, context, mixture });
  const calibration = card.task === 'classification' ? new Temperature(classes, how.share) : null;
  const pending = new PendingWindows(pendingWindows, features.size, experts.length, classes);
  // What takes no labels has none to learn from again.
  const replay = new ReplayBuffer(classes === 0 ? 0 : replayCapacity, features.size, classes);
  const random = createRandom(options.seed, 'replay buffer');
  const learner = adapters === null ? null : createLearner(options, loaded, adapters, replay, random);
  const { normaliser } = loaded;
  const judges = new ExpertLearning({ pending, mixture, calibration, linear, context, normaliser, classes });
  const learning = new LabelLearning(pending, replay, judges, learner, how.stepsPerLabel);
  const codec = new SnapshotCodec(identity.words, [
    learning.firstUnlearned,
    ...(learner === null ? [] : learner.parameters),
    ...(learner === null ? [] : [learner.adam.first, learner.adam.second, learner.adam.powers]),
    ...[statistics.mean, statistics.variance, statistics.weight],
    mixture.weights,
    random.state,
    ...(linear === null ? [] : [linear.temperature.weights]),
    ...(context === null ? [] : [context.belief]),
    ...(calibration === null ? [] : [calibration.weights]),
  ]);
  const adapterParameters = learner?.parameterCount ?? 0;
  return { experts, head, statistics, panel, mixture, calibration, pending, learning, codec, adapterParameters };
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

function createLearner(
  { learning }: PipelineOptions,
  { card, interpreter, chain, features, normaliser }: LoadedModel,
  adapters: AdapterSet,
  replay: ReplayBuffer,
  random: Random,
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
  return new AdapterLearner({ interpreter, adapters, chain, loss, replay, present, random, learning });
}
