import type { Recording } from '../../firmware/io/recording.ts';
import type { PoolOptions, SharedOptions } from '../../firmware/pipeline/options.ts';
import { createPipeline, defaultPipelineOptions, type ExpertName, type Pipeline } from '../../firmware/pipeline.ts';
import { createReveal } from '../../firmware/reveal.ts';
import { classesOf } from '../../firmware/task-words.ts';
import type { PeftAdapter } from '../../kernels/adapters/peft.ts';
import type { LearningOptions } from '../../kernels/learning/options.ts';
import type { UnlabelledOptions } from '../../kernels/learning/unlabelled-options.ts';
import { adaptationOf, importAdapter, SEED_NOTE } from '../adapters/adapter-file.ts';
import { CommandError } from '../errors.ts';
import type { BaselineName } from './baseline-names.ts';
import { createBaselines } from './create-baselines.ts';
import { createGossipExchange } from './create-gossip.ts';
import type { Exchange } from './exchange.ts';
import type { ReplayGossip } from './gossip-options.ts';
import type { LabelPolicy } from './label-policy.ts';
import { NodeReplay } from './node-replay.ts';
import { Probe } from './probe.ts';
import { type ReplayReport, summarise } from './report.ts';

export interface ReplayOptions {
  readonly recording: Recording;
  /** The .tflite file. */
  readonly model: Uint8Array;
  readonly labelRate: number;
  /** Which labels are revealed at that rate: at random, or those of the windows a node would ask about. */
  readonly labelPolicy?: LabelPolicy;
  readonly seed: number;
  readonly experts: readonly ExpertName[];
  readonly baselines: readonly BaselineName[];
  /** Points of each curve that a page shows of a node; 0 or left out: none is kept. */
  readonly curvePoints?: number;
  /** The node's own unless told otherwise. */
  readonly learning?: LearningOptions;
  readonly pool?: PoolOptions;
  readonly unlabelled?: UnlabelledOptions;
  /** Nodes share what they learn; needs the expert `shared`. */
  readonly gossip?: ReplayGossip;
  readonly shared?: SharedOptions;
  /** Every node begins with this adapter. */
  readonly adapter?: PeftAdapter;
  /** Shown before and after, without being learned from. */
  readonly probe?: Recording;
  /** Bytes of the replay buffer; the node's own unless told otherwise. */
  readonly replayBytes?: number;
  /** Milliseconds on a clock that only rises. */
  readonly now: () => number;
}

/** A finished replay: its report, and the nodes with what they kept. */
export interface PlayedReplay {
  readonly report: ReplayReport;
  readonly nodes: readonly NodeReplay[];
}

/**
 * Prequential replay: windows of all nodes advance in lockstep, each is predicted first and learned
 * from afterwards if its label is revealed.
 *
 * @throws CommandError when the recording and the model do not belong together; ModelError for a bad model
 */
export function playRecording(options: ReplayOptions): PlayedReplay {
  const { recording, now, curvePoints = 0 } = options;
  const began = now();
  const {
    model,
    seed,
    experts,
    learning = defaultPipelineOptions.learning,
    pool = defaultPipelineOptions.pool,
    unlabelled = defaultPipelineOptions.unlabelled,
    shared = defaultPipelineOptions.shared,
  } = options;
  const { replayBytes = defaultPipelineOptions.replayBytes } = options;
  const adapterSeed = options.adapter?.notes[SEED_NOTE] ?? null;
  const own = { model, seed, experts, learning, pool, unlabelled, shared, adapterSeed, replayBytes };
  const pipelineOptions = { ...defaultPipelineOptions, ...own };
  const create = (): Pipeline => {
    const pipeline = createPipeline(pipelineOptions);
    if (options.adapter !== undefined) importAdapter(adaptationOf(pipeline), 0, options.adapter);
    return pipeline;
  };
  const probe = options.probe === undefined ? null : new Probe(options.probe, create);
  const baselines = createBaselines(options.baselines, pipelineOptions);
  const nodes = recording.nodes.map((rows): NodeReplay => {
    const pipeline = create();
    requireChannels(recording.channels, pipeline);
    requireClasses(options.baselines, pipeline);
    if (options.probe !== undefined) requireChannels(options.probe.channels, pipeline);
    const classes = classesOf(pipeline.card, recording.labels);
    const { labelRate, labelPolicy = 'random' } = options;
    const reveal =
      labelPolicy === 'asked' ? { askRate: labelRate } : createReveal({ rate: labelRate, seed, node: rows.node });
    return new NodeReplay({ rows, classes, pipeline, reveal, baselines: baselines.create(), curvePoints });
  });
  const gossip = options.gossip === undefined ? null : createGossipExchange(nodes, options.gossip, seed);
  const exchanges: Exchange[] = [...baselines.exchanges, ...(gossip === null ? [] : [gossip.exchange])];
  for (let present = [...nodes.keys()]; present.length > 0; ) {
    present = present.filter((at) => nodes[at]!.advance());
    for (const exchange of exchanges) exchange.tick(present);
  }
  const scored = nodes.filter((_, at) => gossip?.liars?.has(at) !== true);
  for (const { node, pipeline } of scored) probe?.finished(node, pipeline);
  const report = summarise(scored, { seed, elapsedMs: now() - began, probe, gossip });
  if (report.windows === 0) {
    const { window } = nodes[0]!.pipeline.card;
    throw new CommandError(
      'noWindow',
      `no node has ${window} rows in a row in one segment: there is nothing to replay`,
    );
  }
  return { report, nodes: scored };
}

/** The report alone. @throws as `playRecording` */
export const replay = (options: ReplayOptions): ReplayReport => playRecording(options).report;

function requireClasses(baselines: readonly BaselineName[], { card }: Pipeline): void {
  if (card.task === 'classification' || baselines.length === 0) return;
  throw new CommandError('baselines', `--baselines are for classifiers; the model's task is ${card.task}`, 2);
}

function requireChannels(channels: readonly string[], { card }: Pipeline): void {
  if (channels.length === card.channels.length && channels.every((name, c) => name === card.channels[c])) return;
  const few = (names: readonly string[]): string => `${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`;
  throw new CommandError(
    'channelMismatch',
    `the model was trained on ${card.channels.length} channels (${few(card.channels)}), the recording has ` +
      `${channels.length} (${few(channels)}): give the recording these columns in this order`,
  );
}
