import type { DriftView } from '../kernels/learning/drift-episodes.ts';
import type { TelemetryBody } from '../protocols/messages/telemetry.ts';
import type { ModelCard } from '../protocols/model-card.ts';
import type { Accuracy, Figures } from './figures.ts';
import { type NamedNumbers, nameValues } from './task-words.ts';
import { countersOnWire, healthOnWire } from './vitals-on-wire.ts';

/** How a node fares at one moment; plain data for the terminal, JSON and telemetry. */
export interface NodeStatus extends NamedNumbers {
  readonly node: string;
  readonly uptimeMs: number;
  readonly windows: number;
  readonly invalid: number;
  readonly dropped: number;
  readonly scored: number;
  readonly published: number;
  readonly unpublished: number;
  readonly firstDecisionMs: number | null;
  /** Class decided last; null when there is none, the model has none, or the window could not be judged. */
  readonly decision: string | null;
  readonly confidence: number;
  readonly drift: number;
  /** The latest episode of drift; windows count over the life of what was learned. */
  readonly episode: DriftView;
  readonly latencyUs: { readonly p50: number; readonly p99: number };
  readonly rssBytes: number;
  /** Labels learned and on disk, and how the others ended. */
  readonly labels: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly workerRestarts: number;
  /** Counts and gauges of every part, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** What is wrong at the moment, and what to do; empty when all is well. */
  readonly health: Readonly<Record<string, string>>;
  /** Every expert of the mixture with its weight, then the mixture itself. */
  readonly experts: Readonly<Record<string, Accuracy & { readonly weight: number }>>;
}

export interface StatusSources {
  readonly node: string;
  readonly figures: Figures;
  readonly card: ModelCard;
  readonly experts: readonly string[];
  /** How labels ended, by the label machine's words. */
  readonly labelCounts: ReadonlyMap<string, number>;
  readonly latency: { percentile(percent: number): number };
  readonly workerRestarts: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly health: Readonly<Record<string, string>>;
  readonly uptimeMs: number;
  readonly rssBytes: number;
}

/** Six decimals are more than any accuracy or weight deserves. */
const round = (value: number): number => Math.round(value * 1e6) / 1e6;

/** The digits that a float32 has. */
const float32 = (value: number): number => Number(value.toPrecision(7));

export const statusOf = (from: StatusSources): NodeStatus => {
  const { figures, latency } = from;
  const experts: Record<string, Accuracy & { weight: number }> = {};
  const add = (name: string, weight: number): void => {
    const { accuracy, secondHalf } = figures.accuracy(name);
    experts[name] = {
      accuracy: accuracy === null ? null : round(accuracy),
      secondHalf: secondHalf === null ? null : round(secondHalf),
      weight: round(weight),
    };
  };
  for (const [e, name] of from.experts.entries()) add(name, figures.weights[e]!);
  add('mixture', 1);
  const { stored = 0, ...rejected } = Object.fromEntries(from.labelCounts);
  return {
    node: from.node,
    uptimeMs: Math.round(from.uptimeMs),
    windows: figures.windows,
    invalid: figures.invalid,
    dropped: figures.dropped,
    scored: figures.scored,
    published: figures.published,
    unpublished: figures.unpublished,
    firstDecisionMs: figures.firstDecisionMs === null ? null : Math.round(figures.firstDecisionMs),
    decision: from.card.labels[figures.label] ?? null,
    confidence: round(figures.confidence),
    ...(figures.values === null
      ? {}
      : nameValues(from.card, figures.values.map(float32), figures.thresholds.map(float32))),
    drift: round(figures.drift),
    episode: { ...figures.episode, peak: round(figures.episode.peak) },
    latencyUs: { p50: latency.percentile(50), p99: latency.percentile(99) },
    rssBytes: from.rssBytes,
    labels: stored,
    rejected,
    workerRestarts: from.workerRestarts,
    counters: from.counters,
    health: from.health,
    experts,
  };
};

/** The part of a status that goes over the wire. */
export const telemetryOf = (status: NodeStatus): TelemetryBody => {
  const experts: TelemetryBody['experts'] = {};
  for (const [name, { accuracy, weight }] of Object.entries(status.experts)) {
    if (name !== 'mixture') experts[name] = { accuracy, weight: Math.min(1, weight) };
  }
  const { uptimeMs, windows, dropped, published, unpublished, labels, drift, latencyUs, rssBytes } = status;
  const counts = { uptimeMs, windows, dropped, published, unpublished, labels, drift, latencyUs, rssBytes };
  const accuracy = status.experts.mixture?.accuracy ?? null;
  const counters = { ...driftCounters(status.episode), ...status.counters };
  const vitals = { counters: countersOnWire(counters), health: healthOnWire(status.health) };
  return { ...counts, rejected: { ...status.rejected }, experts, accuracy, ...vitals };
};

const driftCounters = ({ count, open, began, ended, peak }: DriftView): Record<string, number> =>
  count === 0
    ? { driftEpisodes: 0 }
    : {
        ...{ driftEpisodes: count, drifting: open ? 1 : 0, driftPeak: peak, driftBegan: began },
        ...(open ? {} : { driftEnded: ended }),
      };
