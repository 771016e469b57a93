import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording } from '../../firmware/io/recording.ts';
import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { CommandError } from '../../tools/errors.ts';
import { scoresOf } from '../../tools/model/threshold.ts';
import { normalAndOther, rowsThatAre } from '../../tools/train/normal-windows.ts';
import { trainModel } from '../../tools/train/train-model.ts';
import type { TrainOptions } from '../../tools/train/train-options.ts';

const autoencoder = suite('train --model autoencoder');
const LABELS = ['leak', 'normal'];

/** A pump: four sensors follow one load. In the last quarter a leak takes the third sensor out of step. */
function pump(leak: boolean): Recording {
  const random = createRandom(2, 'pump');
  const rows = 1600;
  const values = new Float32Array(rows * 4);
  const label = new Int16Array(rows);
  for (let i = 0; i < rows; i += 1) {
    const load = Math.sin(i / 40) + 0.2 * random.normal();
    const odd = leak && i >= 1200;
    values.set(
      [load, 2 * load, odd ? 0.5 - load : 1 - load, load * load].map((v) => v + 0.05 * random.normal()),
      i * 4,
    );
    label[i] = odd ? 0 : i < 600 ? 1 : -1;
  }
  const tMs = Float64Array.from({ length: rows }, (_, i) => i * 100);
  const node = { node: 'pump', rows, tMs, segment: new Int32Array(rows), segments: ['0'], label, values };
  return { channels: ['a', 'b', 'c', 'd'], labels: LABELS, nodes: [node], missing: 0 };
}

const OPTIONS: TrainOptions = {
  ...{ recording: pump(true), task: 'anomaly', window: 2, stride: 2, seed: 1, features: 'raw' },
  ...{ epochs: 120, thresholdQuantile: 0.95 },
};

autoencoder('trains on what is normal or not labelled, and finds what is not', async () => {
  const { bytes, report } = await trainModel(OPTIONS);
  if (report.task !== 'anomaly') throw new Error('not an autoencoder');
  assert.is(report.windows, 600);
  assert.is(report.anomalousWindows, 200);
  assert.is(report.trainingWindows + report.heldBackWindows <= 600, true);
  assert.ok(report.anomaly.auc! > 0.98, JSON.stringify(report.anomaly));
  const { error, threshold } = report.anomaly;
  assert.ok(Math.abs(error.float - error.int8) < 0.2 * error.float, JSON.stringify(error));
  const { card } = loadModel(bytes, defaultModelLimits);
  assert.is(card.task === 'anomaly' && card.threshold, threshold);
  const windows = normalAndOther(OPTIONS.recording, 2, 2);
  const scores = scoresOf(bytes, windows);
  const above = (kind: 'normal' | 'other'): number => {
    const rows = rowsThatAre(kind, windows);
    return rows.filter((row) => scores[row]! > threshold).length / rows.length;
  };
  assert.ok(above('normal') < 0.1, `${above('normal')} of what is normal above the threshold`);
  assert.ok(above('other') > 0.9, `${above('other')} of the leak above the threshold`);
});

autoencoder('what a leak looks like changes nothing in the model but the report', async () => {
  const quick = { ...OPTIONS, epochs: 1 };
  const { bytes } = await trainModel(quick);
  const { label, values } = quick.recording.nodes[0]!;
  const other = values.map((value, i) => (label[Math.floor(i / 4)] === 0 ? 100 - value : value));
  const node = { ...quick.recording.nodes[0]!, values: other };
  assert.equal((await trainModel({ ...quick, recording: { ...quick.recording, nodes: [node] } })).bytes, bytes);
});

autoencoder('too little that is normal is refused', async () => {
  try {
    await trainModel({ ...OPTIONS, window: 100, stride: 100 });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, CommandError);
    assert.match((error as CommandError).message, /^12 of 16 windows are whole and normal, 20 are needed/);
  }
});

autoencoder.run();
