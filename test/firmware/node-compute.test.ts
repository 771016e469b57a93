import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Compute, type ComputeHandlers, startCompute } from '../../firmware/io/compute.ts';
import { readModelCard } from '../../firmware/model-file.ts';
import { defaultPipelineOptions } from '../../firmware/pipeline.ts';
import {
  createSimulatedMachine,
  MACHINE_CHANNELS,
  MACHINE_LABELS,
  MACHINE_SAMPLE_RATE_HZ,
} from '../../firmware/simulated-machine.ts';
import type { DecisionReport, OutcomeReport } from '../../firmware/worker/letters.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { demoModelPath } from '../support/machine-recording.ts';

const compute = suite('compute worker');
const model = readFileSync(demoModelPath);
const card = readModelCard(model, defaultModelLimits);
const pipeline = { ...defaultPipelineOptions, model, seed: 1 };
const ringRows = 8 * card.window;

/** Handlers that hand each report to whoever waits for the next one. */
const createEars = () => {
  let onDecision: (report: DecisionReport) => void = () => {};
  let onOutcome: (report: OutcomeReport) => void = () => {};
  let onSnapshot: (bytes: Uint8Array) => void = () => {};
  const handlers: ComputeHandlers = {
    decision: (report) => onDecision(report),
    outcome: (report) => onOutcome(report),
    snapshot: (bytes) => onSnapshot(bytes),
    fault: (error) => {
      throw error;
    },
  };
  return {
    handlers,
    decision: <T>(read: (report: DecisionReport) => T): Promise<T> =>
      new Promise((resolve) => {
        onDecision = (report) => resolve(read(report));
      }),
    outcome: <T>(read: (report: OutcomeReport) => T): Promise<T> =>
      new Promise((resolve) => {
        onOutcome = (report) => resolve(read(report));
      }),
    snapshot: (): Promise<Uint8Array> =>
      new Promise((resolve) => {
        onSnapshot = resolve;
      }),
  };
};

/** Pushes the machine's samples, a window at a time. */
const createFeed = (worker: Compute, seed: number) => {
  const machine = createSimulatedMachine({ seed, drift: null });
  const classes = MACHINE_LABELS.map((name) => card.labels.indexOf(name));
  const row = new Float32Array(MACHINE_CHANNELS.length);
  let rows = 0;
  return (): void => {
    for (let n = 0; n < card.window; n++, rows++) {
      const state = machine.next(row, 0);
      worker.rows.push(row, 0, (rows * 1_000) / MACHINE_SAMPLE_RATE_HZ, 0, classes[state]!, rows);
    }
    worker.wake();
  };
};

compute('no typed array is made in 1,200 windows, 300 labels being learned and snapshots being taken', async () => {
  const worker = startCompute({ pipeline, card, ringRows, eager: false, countAllocations: true });
  const ears = createEars();
  await worker.built();
  assert.is(await worker.begin({ snapshot: null, journal: [], firstIndex: 0 }, ears.handlers), null);
  const feed = createFeed(worker, 3);
  let learned = 0;
  let snapshots = 0;
  for (let n = 0; n < 1_200; n++) {
    const decided = ears.decision(({ index, truth, pushMs }) => ({ index, truth, pushMs }));
    feed();
    const { index, truth, pushMs } = await decided;
    assert.is(index, n);
    assert.is(pushMs, (n + 1) * card.window - 1);
    if (n % 100 === 50) {
      const snapshot = ears.snapshot();
      assert.ok(worker.requestSnapshot());
      assert.not.ok(worker.requestSnapshot(), 'one at a time');
      if ((await snapshot).length > 0) snapshots++;
    }
    if (n % 4 !== 0 || truth < 0) continue;
    const outcome = ears.outcome(({ status }) => status);
    assert.ok(worker.label(index, truth));
    if ((await outcome) === 'learned') learned++;
  }
  const end = await worker.stop();
  assert.ok(learned > 250, `${learned} labels learned`);
  assert.is(snapshots, 12);
  assert.is(end!.allocations, 0);
  assert.is(end!.lostDecisions, 0);
});

compute('labels get the outcome they deserve, with what the journal needs', async () => {
  const worker = startCompute({ pipeline, card, ringRows, eager: true });
  const ears = createEars();
  await worker.built();
  await worker.begin({ snapshot: null, journal: [], firstIndex: 40 }, ears.handlers);
  const decided = ears.decision(({ index, valid, probabilities }) => ({ index, valid, sum: sum(probabilities) }));
  createFeed(worker, 4)();
  const { index, valid, sum: total } = await decided;
  assert.is(index, 40, 'windows count on from where an earlier worker was');
  assert.ok(valid && Math.abs(total - 1) < 1e-5);
  const label = async (at: number, truth: number) => {
    const outcome = ears.outcome((report) => ({ ...report, features: report.features.slice() }));
    worker.label(at, truth);
    return outcome;
  };
  const first = await label(40, 2);
  assert.equal([first.status, first.slot, first.sequence, first.label], ['learned', 0, 0, 2]);
  assert.is(first.features.length, card.normalisation.mean.length);
  assert.ok(first.features.some((value) => value !== 0));
  assert.is((await label(40, 2)).status, 'duplicate');
  assert.is((await label(40, 1)).status, 'conflict');
  assert.is((await label(39, 1)).status, 'unknownWindow');
  assert.is((await label(40, 99)).status, 'unknownClass');
  await worker.stop();
});

compute('a slow worker loses whole windows and says so by their numbers', async () => {
  const worker = startCompute({ pipeline, card, ringRows, eager: false });
  const ears = createEars();
  await worker.built();
  const feed = createFeed(worker, 5);
  // Before it begins nothing is read: of 20 windows the ring keeps the last 8.
  for (let n = 0; n < 20; n++) feed();
  assert.is(worker.rows.droppedRows, 12 * card.window);
  const decided = ears.decision(({ index }) => index);
  await worker.begin({ snapshot: null, journal: [], firstIndex: 0 }, ears.handlers);
  worker.wake();
  assert.is(await decided, 12);
  await worker.stop();
});

compute('a snapshot that is none is told, and the labels on disk are learned again', async () => {
  const worker = startCompute({ pipeline, card, ringRows, eager: false });
  const features = new Float32Array(card.normalisation.mean);
  const journal = [{ slot: 0, sequence: 0, window: '1-7', label: 1, features }];
  await worker.built();
  const notice = await worker.begin({ snapshot: new Uint8Array(64), journal, firstIndex: 0 }, createEars().handlers);
  assert.match(notice!, /snapshot was not used .*1 labels are learned again/);
  await worker.stop();
});

compute('a model that cannot be used is refused with its own words, and nothing hangs', async () => {
  const worker = startCompute({
    ...{ card, ringRows, eager: false },
    pipeline: { ...pipeline, model: model.subarray(0, 4_000) },
  });
  try {
    await worker.built();
    assert.unreachable('a cut model was built');
  } catch (error) {
    assert.is((error as { code: string }).code, 'malformedModel');
  }
  assert.is(await worker.stop(), null);
});

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

compute.run();
