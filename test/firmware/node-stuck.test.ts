import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { superviseCompute } from '../../firmware/compute-supervisor.ts';
import { type Compute, startCompute } from '../../firmware/io/compute.ts';
import { readModelCard } from '../../firmware/model-file.ts';
import { defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { demoModelPath } from '../support/machine-recording.ts';

const model = readFileSync(demoModelPath);
const card = readModelCard(model, defaultModelLimits);
const stuck = suite('a compute worker that hangs');

stuck('is found out by its silence, ended although it runs, and replaced by one that decides', async () => {
  const pipeline = { ...defaultPipelineOptions, model, seed: 1 };
  const start = (entry?: URL): Compute =>
    startCompute({ pipeline, card, ringRows: 8 * card.window, eager: false, ...(entry ? { entry } : {}) });
  let now = 0;
  let decided = (_index: number): void => {};
  const notices: string[] = [];
  const supervised = superviseCompute(start(new URL('./stuck-worker.ts', import.meta.url)), {
    start,
    load: async () => ({ snapshot: null, journal: [] }),
    lost: async () => {},
    notice: (text) => notices.push(text),
    monotonicMs: () => now,
    handlers: { decision: ({ index }) => decided(index), outcome: () => {}, snapshot: () => {} },
  });
  await supervised.begin();
  const hung = supervised.current;
  // Each round ends with a sleep, from the third of which it does not come back.
  for (let round = 1; round <= 3; round++) {
    while (hung.beats() < round) await new Promise(setImmediate);
    hung.wake();
  }
  const silent = hung.beats();
  assert.is(silent, 3);
  for (let look = 0; look <= 10; look++) {
    now += 1_000;
    supervised.tick();
    assert.is(hung.beats(), silent);
  }
  const first = new Promise<number>((resolve) => {
    decided = resolve;
  });
  const samples = new Float32Array(card.channels.length);
  // Rows for the one that hung are lost with its ring; the next one has its own.
  while (supervised.restarts === 0) await new Promise(setImmediate);
  for (let row = 0; row < 2 * card.window; row++) supervised.current.rows.push(samples, 0, row, 0, -1, 0);
  supervised.current.wake();
  assert.is(await first, 0);
  assert.match(notices[0]!, /hung for 10 s; restarted from what is on disk \(1 of at most 5/);
  assert.ok(supervised.current !== hung && supervised.current.beats() > 0);
  await supervised.stop();
});

stuck.run();
