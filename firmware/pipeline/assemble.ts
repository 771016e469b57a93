import type { AdapterSet } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { NormalWindows } from '../../kernels/learning/normal-windows.ts';
import { ReconstructionLoss } from '../../kernels/learning/reconstruction-loss.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { ExpertPanel, writeInput } from './expert-panel.ts';
import { LabelLearning } from './label-learning.ts';
import type { LoadedModel } from './loaded-model.ts';
import { type ExpertName, expertsFor, type PipelineOptions } from './options.ts';
import { PendingWindows } from './pending-windows.ts';
import { SnapshotCodec } from './snapshot.ts';
import { AnomalyHead } from './tasks/anomaly.ts';
import type { TaskHead } from './tasks/contract.ts';
import { createTaskHead } from './tasks/create.ts';
import { UnlabelledLearning, type UnlabelledParts } from './unlabelled-learning.ts';

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
  const adapters = loaded.chain.length === 0 ? null : createAdapters(options, loaded, identity);
  const statistics = new StreamStatistics(features.size, how.statisticsPrior, how.statisticsMemory);
  const panel = new ExpertPanel(experts, head, runner, statistics, adapters);
  const prior = priorInFavourOfFirst(experts.length, how.frozenAdvantage);
  const share = card.task === 'anomaly' ? options.unlabelled.share : how.share;
  const mixture = new Mixture({ classes, prior, share });
  const pending = new PendingWindows(pendingWindows, features.size, experts.length, classes);
  // What takes no labels has none to learn from again.
  const replay = new ReplayBuffer(classes === 0 ? 0 : replayCapacity, features.size, classes);
  const random = createRandom(options.seed, 'replay buffer');
  const ofLabels = adapters === null || card.task === 'anomaly' ? null : { adapters, replay, random };
  const learner = ofLabels === null ? null : createLearner(options, loaded, ofLabels);
  const learning = new LabelLearning(pending, replay, mixture, learner, how.stepsPerLabel);
  const follows = head instanceof AnomalyHead && adapters !== null && experts.includes('local');
  const unlabelled = follows ? createUnlabelled(options, loaded, { head, adapters, mixture, pending }) : null;
  const taught = learner ?? unlabelled?.learner ?? null;
  const codec = new SnapshotCodec(identity.words, [
    learning.firstUnlearned,
    ...(taught === null ? [] : taught.parameters),
    ...(taught === null ? [] : [taught.adam.first, taught.adam.second, taught.adam.powers]),
    ...[statistics.mean, statistics.variance, statistics.weight],
    mixture.weights,
    random.state,
    ...(unlabelled?.state ?? []),
  ]);
  const adapterParameters = taught?.parameterCount ?? 0;
  return { experts, head, statistics, panel, mixture, pending, learning, unlabelled, codec, adapterParameters };
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
  loaded: LoadedModel,
  { adapters, replay, random }: { adapters: AdapterSet; replay: ReplayBuffer; random: Random },
): AdapterLearner {
  const { card, interpreter, chain } = loaded;
  const show = createShow(loaded, replay);
  const present = (slot: number): void => writeInput(interpreter, show(slot));
  const loss = new CrossEntropy({
    logits: interpreter.logits,
    classes: card.labels.length,
    labels: replay,
    smoothing: learning.labelSmoothing,
  });
  return new AdapterLearner({ interpreter, adapters, chain, loss, replay, present, random, learning });
}

function createUnlabelled(
  options: PipelineOptions,
  loaded: LoadedModel,
  given: Pick<UnlabelledParts, 'head' | 'mixture' | 'pending'> & { readonly adapters: AdapterSet },
): UnlabelledLearning {
  const { interpreter, chain, features } = loaded;
  const how = options.unlabelled;
  const random = createRandom(options.seed, 'normal windows');
  const normal = new NormalWindows(how.windows, features.size);
  const { replay } = normal;
  const show = createShow(loaded, replay);
  const present = (slot: number): void => writeInput(interpreter, show(slot));
  const shipped = given.head.thresholds[0]!;
  const known = (): number => shipped * unlabelled.guard.usual;
  const loss = new ReconstructionLoss(interpreter.outputs[0]!, show, known);
  const learning = { ...options.learning, learningRate: how.learningRate, batch: how.batch };
  const { adapters } = given;
  const learner = new AdapterLearner({ interpreter, adapters, chain, loss, replay, present, random, learning });
  const unlabelled = new UnlabelledLearning({ ...given, normal, learner, random, options: how });
  return unlabelled;
}

/** Normalised features of a replayed window: the same array at every call. */
function createShow({ features, normaliser }: LoadedModel, replay: ReplayBuffer): (slot: number) => Float32Array {
  const shown = new Float32Array(features.size);
  return (slot) => {
    replay.read(slot, shown);
    normaliser.apply(shown, shown);
    return shown;
  };
}
