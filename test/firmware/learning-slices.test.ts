import { performance } from 'node:perf_hooks';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startCompute } from '../../firmware/io/compute.ts';
import { showLearning } from '../../firmware/learning-vitals.ts';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { LearningSlices } from '../../firmware/worker/learning-slices.ts';
import type { DecisionReport } from '../../firmware/worker/letters.ts';
import { cardOf, randomClassifierFile } from '../support/classifier.ts';

/** Work whose every piece takes `pieceMs` of a clock that only it and the test move. */
const setUp = (budget: { msPerSecond: number; sliceMs: number }, pieceMs: number, pieces = 1_000_000) => {
  const clock = { now: 5_000 };
  const work = {
    owed: pieces,
    advance: () => {
      clock.now += pieceMs;
      work.owed--;
    },
  };
  return { clock, work, slices: new LearningSlices(work, budget, () => clock.now) };
};
const undisturbed = (): boolean => false;

const learning = suite('learning in slices');

learning('over any second learning takes its budget, a tenth of it more at most, and one slice', () => {
  const budget = { msPerSecond: 200, sliceMs: 5 };
  const { clock, slices } = setUp(budget, 0.7);
  const spent: [at: number, ms: number][] = [];
  while (clock.now < 9_000) {
    const wait = slices.waitMs();
    if (wait > 0) {
      clock.now += wait;
      continue;
    }
    const before = slices.spentMs;
    slices.run(undisturbed);
    spent.push([clock.now, slices.spentMs - before]);
  }
  assert.ok(Math.abs(slices.spentMs / 4 - budget.msPerSecond) < 8, `${slices.spentMs} ms in 4 s`);
  for (const [end] of spent) {
    const within = spent.filter(([at]) => at > end - 1_000 && at <= end).reduce((sum, [, ms]) => sum + ms, 0);
    assert.ok(within <= 1.1 * budget.msPerSecond + budget.sliceMs, `${within} ms in the second up to ${end}`);
  }
  assert.ok(spent.every(([, ms]) => ms <= budget.sliceMs));
});

learning('a slice holds the pieces that fit, at least one, and ends when a window waits or nothing is due', () => {
  const budget = { msPerSecond: 1_000, sliceMs: 5 };
  const taken = (pieceMs: number, pieces: number, disturbed = undisturbed): number => {
    const { work, slices } = setUp(budget, pieceMs, pieces);
    slices.run(disturbed);
    return pieces - work.owed;
  };
  assert.is(taken(1, 100), 5);
  assert.is(taken(2, 100), 2);
  assert.is(taken(40, 100), 1, 'a piece longer than a slice is taken all the same');
  assert.is(taken(1, 3), 3);
  assert.is(
    taken(1, 100, () => true),
    1,
  );
});

learning('a piece that takes longer than a slice is paid off before the next', () => {
  const { clock, work, slices } = setUp({ msPerSecond: 100, sliceMs: 5 }, 40);
  slices.run(undisturbed);
  // Of a bucket of 10 ms; 35 are missing for the next slice.
  assert.is(Math.round(slices.waitMs()), 350);
  clock.now += 351;
  assert.is(slices.waitMs(), 0);
  work.owed = 0;
  assert.is(slices.waitMs(), Number.POSITIVE_INFINITY);
});

const SHAPE = { channels: 64, hidden: [512, 512], classes: 4, seed: 5 };

learning('a step in parts is the step: the same decisions afterwards, whatever comes between', () => {
  const shape = { channels: 4, hidden: [16], classes: 3, seed: 2 };
  const options = { ...defaultPipelineOptions, model: randomClassifierFile(shape), seed: 1 };
  const [whole, parts] = [createPipeline(options), createPipeline(options)];
  const windows = Array.from({ length: 40 }, (_, index) => ({
    ...{ samples: Float32Array.from({ length: 4 }, (_value, c) => Math.fround(((index * 7 + c * 3) % 11) / 5 - 1)) },
    ...{ index, valid: true },
  }));
  for (const window of windows) {
    for (const pipeline of [whole, parts]) {
      pipeline.decide(window);
      pipeline.observe(window.index, window.index % 3);
    }
    while (whole.owed > 0) whole.step();
    for (let part = 0; parts.owed > 0; part++) {
      parts.advance();
      assert.ok(part < 12 * 32);
      // What is asked of the model in between is forgotten by the next part.
      if (part % 100 === 50) parts.snapshot(new Uint8Array(parts.snapshotBytes));
    }
  }
  assert.is(parts.fingerprint, whole.fingerprint);
  assert.equal(parts.steps, { taken: 480, dropped: 0 });
});

learning('the node shows what was taken, is due, was given up, and the time', () => {
  const vitals = createVitals(() => {});
  showLearning(vitals, { taken: 0, owed: 0, dropped: 0, spentMs: 0 });
  assert.equal(vitals.counters, {});
  showLearning(vitals, { taken: 7, owed: 5, dropped: 3, spentMs: 21 });
  assert.equal(vitals.counters, { learningSteps: 7, learningOwed: 5, learningDropped: 3, learningMs: 21 });
});

learning('a decision that comes while a large model learns waits for a part of a step, not for the step', async () => {
  const model = randomClassifierFile(SHAPE);
  const pipeline = { ...defaultPipelineOptions, model, seed: 1 };
  const compute = startCompute({
    ...{ pipeline, card: cardOf(SHAPE), ringRows: 64, eager: false },
    learning: { msPerSecond: 1_000, sliceMs: 2 },
  });
  let decided = (_report: DecisionReport): void => {};
  let learned = (): void => {};
  await compute.built();
  await compute.begin(
    { snapshot: null, journal: [], firstIndex: 0 },
    {
      decision: (report) => decided(report),
      outcome: () => learned(),
      snapshot: () => {},
      fault: (error) => assert.unreachable(error.message),
    },
  );
  const row = new Float32Array(SHAPE.channels).fill(0.5);
  const decide = async (): Promise<number> => {
    const next = new Promise<number>((resolve) => {
      decided = ({ index }) => resolve(index);
    });
    compute.rows.push(row, 0, 0, 0, -1, performance.now());
    compute.wake();
    return next;
  };
  const label = new Promise<void>((resolve) => {
    learned = resolve;
  });
  compute.label(await decide(), 1);
  await label;
  const latencies: number[] = [];
  while (compute.learning().taken < 2) {
    const began = performance.now();
    await decide();
    latencies.push(performance.now() - began);
  }
  const { taken, owed, spentMs } = compute.learning();
  assert.ok(owed > 0, 'all was learned before the first decision');
  const stepMs = spentMs / taken;
  const median = latencies.sort((a, b) => a - b)[latencies.length >> 1]!;
  assert.ok(median < stepMs / 4, `median ${median} ms while a step takes ${stepMs} ms`);
  await compute.stop();
});

learning.run();
