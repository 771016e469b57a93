import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { AlarmViews } from '../machines/alarms.ts';
import type { NodeStatus } from '../status.ts';

/** From a tenth of a millisecond, the fastest decision there is, to a second, when nobody would wait for it. */
const LATENCY_BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** What every scrape tells. Label values come from the model, the configuration and our code: bounded. */
export interface Metrics {
  /** @param label class name, null when the window could not be judged */
  decided(label: string | null, latencyUs: number): void;
  /** The text format 0.0.4 of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsSources {
  readonly status: () => NodeStatus;
  readonly alarms: () => AlarmViews;
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
}

export const createMetrics = ({ status, alarms, about }: MetricsSources): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const info = {
    name: 'myrmex_build_info',
    help: 'What runs here.',
    labelNames: ['version', 'board', 'model'] as const,
  };
  new Gauge({ ...info, registers }).set({ ...about }, 1);
  const decisions = new Counter({
    ...{ name: 'myrmex_decisions_total', help: 'Decisions by class; none: the window could not be judged.' },
    ...{ labelNames: ['class'] as const, registers },
  });
  const latency = new Histogram({
    ...{ name: 'myrmex_decision_latency_seconds', help: "From a window's last sample to its decision." },
    ...{ buckets: LATENCY_BUCKETS_S, registers },
  });

  const metrics = createFigures(registry);
  return {
    contentType: registry.contentType,
    decided: (label, latencyUs) => {
      decisions.inc({ class: label ?? 'none' });
      latency.observe(latencyUs / 1e6);
    },
    text: () => {
      for (const [name, values] of Object.entries(figuresOf(status(), alarms()))) metrics.set(name, values);
      return registry.metrics();
    },
  };
};

/** A figure without a label, or with a value for each value of its one label. */
type Values = number | Readonly<Record<string, number>>;

/** Name, help and label of everything that is read from the status at a scrape; counters end in `_total`. */
const FIGURES: readonly (readonly [name: string, help: string, label?: string])[] = [
  ['windows_total', 'Windows decided.'],
  ['windows_dropped_total', 'Windows lost: the ring was full, or the worker failed.'],
  ['windows_invalid_total', 'Windows with too many samples missing.'],
  ['decisions_published_total', 'Decisions handed to the broker.'],
  ['decisions_unpublished_total', 'Decisions that could not be.'],
  ['labels_total', 'Labels by how they ended.', 'status'],
  ['worker_restarts_total', 'Compute workers replaced.'],
  ['confidence', 'Of the latest decision.'],
  ['value', 'Of a regressor, in its own unit.', 'output'],
  ['anomaly', 'Of an anomaly model: its score, and the threshold above which it is one.', 'figure'],
  ['drift', "Distance of the stream's statistics from the factory's."],
  ['expert_accuracy', 'Share of the windows with known truth that an expert had right.', 'expert'],
  ['expert_weight', 'Of an expert in the mixture.', 'expert'],
  ['vital', 'Counts and gauges of every part, by its own name.', 'name'],
  ['healthy', '1 when nothing is wrong.'],
  ['trouble', '1 for everything that is wrong now.', 'name'],
  ['alarm', '1 when raised or latched.', 'alarm'],
  ['uptime_seconds', 'Since the start of the process.'],
  ['resident_memory_bytes', 'Of the process.'],
];

const createFigures = (registry: Registry) => {
  const made = new Map(
    FIGURES.map(([name, help, label]) => {
      const options = { name: `myrmex_${name}`, help, labelNames: label === undefined ? [] : [label] };
      const registers = [registry];
      const metric = name.endsWith('_total')
        ? new Counter({ ...options, registers })
        : new Gauge({ ...options, registers });
      return [name, { metric, label }] as const;
    }),
  );
  return {
    set: (name: string, values: Values): void => {
      const { metric, label } = made.get(name)!;
      // What is not there any more (a trouble that is over) must not stay at its last value.
      metric.reset();
      if (typeof values === 'number') metric.inc(values);
      else for (const [of, value] of Object.entries(values)) metric.inc({ [label!]: of }, value);
    },
  };
};

const figuresOf = (status: NodeStatus, alarms: AlarmViews): Readonly<Record<string, Values>> => {
  const { experts, health, latencyUs: _, ...rest } = status;
  const judged = Object.entries(experts).filter(([, { accuracy }]) => accuracy !== null);
  return {
    windows_total: rest.windows,
    windows_dropped_total: rest.dropped,
    windows_invalid_total: rest.invalid,
    decisions_published_total: rest.published,
    decisions_unpublished_total: rest.unpublished,
    labels_total: { ...rest.rejected, stored: rest.labels },
    worker_restarts_total: rest.workerRestarts,
    confidence: rest.confidence,
    value: rest.values ?? {},
    anomaly: rest.score === undefined ? {} : { score: rest.score, threshold: rest.threshold ?? 0 },
    drift: rest.drift,
    expert_accuracy: Object.fromEntries(judged.map(([name, { accuracy }]) => [name, accuracy!])),
    expert_weight: Object.fromEntries(Object.entries(experts).map(([name, { weight }]) => [name, weight])),
    vital: rest.counters,
    healthy: Object.keys(health).length === 0 ? 1 : 0,
    trouble: Object.fromEntries(Object.keys(health).map((name) => [name, 1])),
    alarm: Object.fromEntries(Object.entries(alarms).map(([name, { state }]) => [name, state === 'clear' ? 0 : 1])),
    uptime_seconds: rest.uptimeMs / 1_000,
    resident_memory_bytes: rest.rssBytes,
  };
};
