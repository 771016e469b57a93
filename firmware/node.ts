import { formatWindowId } from '../protocols/window-id.ts';
import { type Closers, createClosers } from './closers.ts';
import { planCompute } from './compute-plan.ts';
import { superviseCompute } from './compute-supervisor.ts';
import type { Configuration } from './configuration.ts';
import { createFigures } from './figures.ts';
import { systemClock } from './io/clock.ts';
import { createLatency } from './io/latency.ts';
import { openOperator } from './io/operator.ts';
import { openSensor } from './io/sensors/open.ts';
import { openServices } from './io/services.ts';
import { writtenBytes } from './io/written-bytes.ts';
import { createLabelDesk } from './label-desk.ts';
import { createLearningReports } from './learning-reports.ts';
import { showLearning } from './learning-vitals.ts';
import { openLink } from './link.ts';
import type { Notice } from './log.ts';
import { CLOSE_MS_MAX, type RunningNode, runNode } from './running-node.ts';
import { describeSharing, openSharing } from './sharing.ts';
import { createSnapshots } from './snapshots.ts';
import { statusOf } from './status.ts';
import { createWriteWatch, storageReports } from './storage-reports.ts';
import { openViews } from './views.ts';
import { createVitals } from './vitals.ts';

export interface NodeOptions {
  readonly configuration: Configuration;
  /** The .tflite file, and what to call it. */
  readonly model: { readonly bytes: Uint8Array; readonly name: string };
  /** Directory of what is learned. */
  readonly state: string;
  /** Of this software. */
  readonly version: string;
  readonly notice: Notice;
}

/**
 * The composition root: wires the machines of a node to the world and starts them.
 *
 * @throws NodeError, ModelError, ModelCardError, RecordingError saying what to do; nothing is left open then
 */
export const startNode = async (options: NodeOptions): Promise<RunningNode> => {
  const closers = createClosers(options.notice);
  try {
    return await wire(options, closers);
  } catch (error) {
    await closers.close(CLOSE_MS_MAX);
    throw error;
  }
};

const wire = async (options: NodeOptions, closers: Closers): Promise<RunningNode> => {
  const { configuration, notice } = options;
  const { site, node } = configuration;
  const clock = systemClock();
  const vitals = createVitals(notice);
  const plan = planCompute(configuration, options.model.bytes, notice);
  const { card, experts } = plan;
  // First, as it takes longest: the worker builds its pipeline while the rest opens, once its thread has begun.
  const first = plan.start();
  closers.add(() => first.stop());
  await first.running;
  const state = { directory: options.state, model: plan.hash, notice, ...storageReports(vitals) };
  const { endpoint, broker, store } = await openServices(configuration, state, vitals, notice);
  if (broker !== null) closers.add(() => broker.close());
  closers.add(() => store.close());
  const about = { version: options.version, board: configuration.board, model: options.model.name };
  const directory = options.state;
  const shares = await describeSharing(configuration, first, { directory, unixMs: clock.unixMs() });
  const figures = createFigures(experts, plan.pendingWindows);
  const link = await openLink({
    ...{ site, node, epoch: store.epoch, endpoint, wait: broker !== null, plan, about, clock, vitals, notice },
    ...{ shares: shares.mesh, directory, settled: figures.settled },
  });
  closers.add(() => link.close());
  const { mqtt, publisher, courier } = link;
  const shown = { configuration, plan, endpoint, link, about, clock, vitals, state: options.state, notice };
  const views = await openViews(shown);
  closers.add(views.close);

  const latency = createLatency();
  const desk = createLabelDesk({
    ...{ classes: card.labels, store, publisher, mqtt, unixMs: clock.unixMs, acknowledged: views.acknowledged },
    apply: (index, label, correction) => compute.current.label(index, label, correction),
  });
  const learning = createLearningReports(vitals, plan.pipeline.pool.adaptersMax);
  const snapshots = createSnapshots({
    request: () => compute.current.requestSnapshot(),
    put: (bytes) => store.putSnapshot(bytes),
    failed: () => vitals.count('snapshotsFailed'),
  });
  const compute = superviseCompute(first, {
    start: plan.start,
    load: () => store.load(),
    lost: () => desk.workerLost(),
    ...{ notice, monotonicMs: clock.monotonicMs },
    handlers: {
      decision: (report) => {
        const now = clock.monotonicMs();
        const latencyUs = (now - report.pushMs) * 1_000;
        latency.record(latencyUs);
        figures.decided(report, now);
        learning.decided(report);
        const record = { ...report, latencyUs };
        courier.send(publisher.decision(record, clock.unixMs()));
        views.decided(record, now);
        sensor.decided(report);
      },
      outcome: (report) => {
        figures.outcome(report);
        if (report.status === 'learned') snapshots.learned();
        desk.outcome(report);
      },
      snapshot: snapshots.arrived,
    },
  });
  const operator = await openOperator(configuration, endpoint);
  closers.add(operator.close);
  const sensor = await openSensor(configuration, {
    ...{ card, notice, vitals, endpoint, room: courier.room },
    label: async (index, label) => {
      await operator.label(formatWindowId(store.epoch, index), card.labels[label]!);
    },
  });
  await link.hearLabels((payload) => desk.received(payload, clock.monotonicMs()));
  await compute.begin();
  const sharing = await openSharing({ ...{ configuration, link, compute, clock, vitals }, notice, directory, shares });
  closers.add(sharing.close);
  notice(`${site}/${node} talks through ${endpoint.url}`);
  const status = () => {
    showLearning(vitals, compute.current.learning());
    return statusOf({
      ...{ node, figures, latency, experts, card, labelCounts: desk.counts },
      ...{ counters: vitals.counters, health: vitals.health },
      workerRestarts: compute.restarts,
      uptimeMs: clock.monotonicMs(),
      rssBytes: process.memoryUsage.rss(),
    });
  };
  await views.begin(status, desk.received);
  return runNode({
    url: endpoint.url,
    ...{ clock, compute, sensor, sharing, snapshots, desk, mqtt, publisher, courier, closers },
    watchWrites: createWriteWatch({ configuration, vitals, written: writtenBytes, monotonicMs: clock.monotonicMs }),
    model: options.model.name,
    status,
  });
};
