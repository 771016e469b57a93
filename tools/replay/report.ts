import type { ReplayMemory } from '../../firmware/pipeline.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import type { Scoreboard } from '../../kernels/learning/scoreboard.ts';
import type { Task } from '../../protocols/model-card.ts';
import { type AnomalyReport, AnomalyScore } from './anomaly-score.ts';
import { type CalibrationReport, CalibrationScore } from './calibration-score.ts';
import type { GossipParts } from './create-gossip.ts';
import type { DriftEpisode } from './drift-log.ts';
import type { GossipCounts } from './gossip-exchange.ts';
import type { NodeReplay } from './node-replay.ts';
import type { Probe, ProbeReport } from './probe.ts';
import { type RegressionReport, RegressionScore } from './regression-score.ts';

/** Accuracies 0 to 1, over all scored windows of all nodes; `worst…` over nodes. */
export interface ExpertReport {
  readonly accuracy: number;
  readonly secondHalf: number;
  readonly worstNode: number;
  /** Worst difference of a node to its own frozen model. */
  readonly worstDelta: number;
}

/** A baseline that was run with several learning rates shows the best one's figures and its rate. */
export type BaselineReport = ExpertReport & { readonly learningRate?: number; readonly bytesPerNode?: number };

/** The object `replay --json` prints last: a promise to scripts, only ever added to. */
export interface ReplayReport {
  readonly task: Task;
  /** Only of a model of that task. */
  readonly regression?: RegressionReport;
  readonly anomaly?: AnomalyReport;
  /** Of a classifier: how far the mixture's confidence is from how often it is right. */
  readonly calibration?: CalibrationReport;
  readonly windows: number;
  readonly labels: number;
  readonly seed: number;
  /** Accuracies over the `scored` windows: 0 where there is none, as with a regressor. */
  readonly experts: Readonly<Record<string, ExpertReport>>;
  readonly baselines?: Readonly<Record<string, BaselineReport>>;
  /** Where one was asked for: accuracy on a fixed recording before and after. */
  readonly probe?: ProbeReport;
  readonly driftEpisodes: readonly (DriftEpisode & { readonly node: string })[];
  /** The replay buffer of each node: its bytes, and windows of the stream and of the factory that fit. */
  readonly replay: ReplayMemory;
  readonly adapterParameters: number;
  /** Sent by a node on average, topics and signatures included; 0 where nodes learn alone. */
  readonly bytesPerNode: number;
  readonly gossip?: GossipReport;
  readonly elapsedMs: number;
  readonly decisionFingerprint: string;
  readonly scored: number;
  readonly invalidWindows: number;
  /** Windows whose label the model does not know: decided, not scored. */
  readonly unknownLabels: number;
  readonly nodes: readonly NodeReport[];
}

export interface NodeReport {
  readonly node: string;
  readonly windows: number;
  readonly labels: number;
  /** Accuracy of every expert and of the mixture, by name. */
  readonly [expert: string]: number | string;
}

/** How the nodes shared; `liars` were not scored. */
export interface GossipReport extends GossipCounts {
  readonly everyWindows: number;
  readonly defence: string;
  readonly liars: number;
}

/** What a report says beside what nodes did. */
export interface Circumstances {
  readonly seed: number;
  readonly elapsedMs: number;
  readonly probe: Probe | null;
  readonly gossip: GossipParts | null;
}

interface Board {
  readonly scoreboard: Scoreboard;
  readonly frozen: Scoreboard;
}

/** Sums up a finished replay. */
export function summarise(
  nodes: readonly NodeReplay[],
  { seed, elapsedMs, probe, gossip }: Circumstances,
): ReplayReport {
  const first = nodes[0]!;
  const names = [...first.pipeline.experts, 'mixture'];
  const boards = nodes.map(({ scoreboard }) => ({ scoreboard, frozen: scoreboard }));
  const experts = Object.fromEntries(names.map((name) => [name, expertReport(boards, name)]));
  const baselines = Object.fromEntries(
    Object.entries(bestBaselines(nodes)).map(([name, { report }]) => [name, report]),
  );
  const total = (of: (node: NodeReplay) => number): number => nodes.reduce((sum, node) => sum + of(node), 0);
  return {
    task: first.pipeline.card.task,
    ...taskReport(nodes),
    windows: total((node) => node.windows),
    labels: total((node) => node.labels),
    seed,
    experts,
    ...(first.baselines.length === 0 ? {} : { baselines }),
    ...(probe === null ? {} : { probe: probe.report(first.pipeline.experts) }),
    driftEpisodes: nodes.flatMap(({ node, drifts }) => drifts.episodes.map((episode) => ({ node, ...episode }))),
    replay: first.pipeline.replayMemory,
    adapterParameters: first.pipeline.adapterParameters,
    bytesPerNode: gossip === null ? 0 : Math.round(gossip.exchange.counts.bytes / gossip.exchange.size),
    ...(gossip === null ? {} : { gossip: gossipReport(gossip) }),
    elapsedMs: Math.round(elapsedMs),
    decisionFingerprint: combined(nodes.map(({ pipeline }) => pipeline.fingerprint)),
    scored: total((node) => node.scoreboard.count),
    invalidWindows: total((node) => node.invalid),
    unknownLabels: total((node) => node.unknown),
    nodes: nodes.map((node) => nodeReport(node, names)),
  };
}

function gossipReport({ exchange, liars }: GossipParts): GossipReport {
  return { everyWindows: exchange.every, defence: exchange.defence, liars: liars?.count ?? 0, ...exchange.counts };
}

function taskReport(nodes: readonly NodeReplay[]): Pick<ReplayReport, 'regression' | 'anomaly' | 'calibration'> {
  const { card } = nodes[0]!.pipeline;
  const all = <T>(of: (node: NodeReplay) => T | null): T[] => nodes.flatMap((node) => of(node) ?? []);
  switch (card.task) {
    case 'classification':
      return { calibration: CalibrationScore.report(nodes.map(({ calibration }) => calibration)) };
    case 'regression':
      return {
        regression: RegressionScore.report(
          all(({ regression }) => regression),
          card.outputs[0]!,
        ),
      };
    case 'anomaly':
      return {
        anomaly: AnomalyScore.report(
          all(({ anomaly }) => anomaly),
          card.threshold,
        ),
      };
  }
}

/** Windows count alike, wherever they come from; a node without scored windows has no say. */
function expertReport(all: readonly Board[], name: string): ExpertReport {
  const boards = all.filter(({ scoreboard }) => scoreboard.count > 0);
  const mean = (value: (board: Board) => number): number => {
    const windows = boards.reduce((sum, { scoreboard }) => sum + scoreboard.count, 0);
    return round(boards.reduce((sum, board) => sum + value(board) * board.scoreboard.count, 0) / Math.max(1, windows));
  };
  const accuracies = boards.map(({ scoreboard }) => scoreboard.accuracy(name));
  const deltas = boards.map(({ scoreboard, frozen }) => scoreboard.accuracy(name) - frozen.accuracy('frozen'));
  return {
    accuracy: mean(({ scoreboard }) => scoreboard.accuracy(name)),
    secondHalf: mean(({ scoreboard }) => scoreboard.secondHalf(name)),
    worstNode: round(accuracies.length === 0 ? 0 : Math.min(...accuracies)),
    worstDelta: round(deltas.length === 0 ? 0 : Math.min(...deltas)),
  };
}

/** Of each baseline name the variant that was right most often, and its place among the baselines. */
export function bestBaselines(
  nodes: readonly NodeReplay[],
): Record<string, { readonly at: number; readonly report: BaselineReport }> {
  const best: Record<string, { at: number; report: BaselineReport }> = {};
  nodes[0]!.baselines.forEach(({ baseline: { name, learningRate } }, at) => {
    const boards = nodes.map(({ scoreboard, baselines }) => ({
      scoreboard: baselines[at]!.scoreboard,
      frozen: scoreboard,
    }));
    const sent = nodes.map(({ baselines }) => baselines[at]!.baseline.bytesSent ?? 0);
    const bytesPerNode = Math.round(sent.reduce((sum, bytes) => sum + bytes, 0) / nodes.length);
    const report = {
      ...expertReport(boards, 'mixture'),
      ...(learningRate === undefined ? {} : { learningRate }),
      ...(bytesPerNode === 0 ? {} : { bytesPerNode }),
    };
    if (report.accuracy > (best[name]?.report.accuracy ?? -1)) best[name] = { at, report };
  });
  return best;
}

function nodeReport(node: NodeReplay, names: readonly string[]): NodeReport {
  const { scoreboard, windows, labels } = node;
  const accuracies = Object.fromEntries(names.map((name) => [name, round(scoreboard.accuracy(name))]));
  return { node: node.node, windows, labels, ...accuracies, decisionFingerprint: node.pipeline.fingerprint };
}

/** One node's own fingerprint, which `run` gives too; of several nodes the hash of theirs, in the recording's order. */
function combined(fingerprints: readonly string[]): string {
  if (fingerprints.length === 1) return fingerprints[0]!;
  const all = new Fingerprint();
  all.addBytes(new TextEncoder().encode(fingerprints.join()));
  return all.text;
}

function round(share: number): number {
  return Number(share.toFixed(6));
}
