import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording } from '../../firmware/io/recording.ts';
import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { CommandError } from '../../tools/errors.ts';
import { trainModel } from '../../tools/train/train-model.ts';
import type { TrainOptions } from '../../tools/train/train-options.ts';
import { createOracle } from '../support/oracle.ts';

const convolutional = suite('train --model conv');
const LABELS = ['slow', 'mid', 'fast'];

/** A hum of one of three pitches on two channels, the second of which lags; classes differ in nothing but shape. */
function hums(): Recording {
  const random = createRandom(1, 'hums');
  const rows = 320 * 12;
  const label = Int16Array.from({ length: rows }, (_, i) => Math.floor(i / 320) % 3);
  const values = new Float32Array(rows * 2);
  for (let i = 0; i < rows; i += 1) {
    const phase = (2 * Math.PI * [3, 7, 12][label[i]!]! * i) / 64;
    values[i * 2] = 5 + 2 * Math.sin(phase) + 0.3 * random.normal();
    values[i * 2 + 1] = Math.cos(phase - 0.5) + 0.2 * random.normal();
  }
  const tMs = Float64Array.from({ length: rows }, (_, i) => i * 10);
  const node = { node: 'n', rows, tMs, segment: new Int32Array(rows), segments: ['0'], label, values };
  return { channels: ['a', 'b'], labels: LABELS, nodes: [node], missing: 0 };
}

const OPTIONS: TrainOptions = {
  ...{ recording: hums(), model: 'conv', window: 64, stride: 32, seed: 3, features: 'auto' },
  ...{ channelsOut: [8, 12, 16], hidden: [8], epochs: 80 },
};

async function assertSameAsOracle(bytes: Uint8Array, inputs: number): Promise<void> {
  const theirs = (await createOracle()).load(bytes);
  const options = { engine: createEngine(), limits: defaultModelLimits, keepActivations: false };
  const ours = createInterpreter(readModel(bytes, defaultModelLimits), options);
  const random = createRandom(6, 'oracle');
  for (let i = 0; i < inputs; i += 1) {
    const input = Int8Array.from(ours.inputs[0]!.data, () => random.integer(256) - 128);
    ours.inputs[0]!.data.set(input);
    ours.invoke();
    assert.equal([...ours.outputs[0]!.data], [...theirs.run(input)], `input ${i}`);
  }
}

convolutional('learns, loads on a node, and is bit-identical in TensorFlow Lite', async () => {
  const progress: [number, number][] = [];
  const { bytes, report } = await trainModel({ ...OPTIONS, onProgress: (done, total) => progress.push([done, total]) });
  assert.is(report.task, 'classification');
  if (report.task !== 'classification') return;
  assert.ok(report.accuracy.float > 0.95, JSON.stringify(report.accuracy));
  assert.ok(Math.abs(report.accuracy.float - report.accuracy.int8) <= 0.03, JSON.stringify(report.accuracy));
  assert.equal(progress.at(-1), [160, 160]);
  assert.ok(report.epochs >= 1 && report.epochs <= 80);
  const { card, chain, interpreter } = loadModel(bytes, defaultModelLimits);
  assert.equal([card.labels, card.window, card.features.kind], [['fast', 'mid', 'slow'], 64, 'raw']);
  assert.ok(chain.length >= 2, 'its dense layers can adapt');
  assert.equal([...new Set(card.normalisation.mean.slice(0, 64))].length, 1, 'one mean per channel');
  assert.is(interpreter.inputs[0]!.data.length, 128);
  await assertSameAsOracle(bytes, 40);
});

convolutional('the same seed gives the same bytes, another seed others', async () => {
  const quick = { ...OPTIONS, epochs: 1 };
  const first = await trainModel(quick);
  assert.equal((await trainModel(quick)).bytes, first.bytes);
  assert.not.equal((await trainModel({ ...quick, seed: 4 })).bytes, first.bytes);
});

convolutional('an autoencoder of raw windows tells a strange hum from the ones it knows', async () => {
  const recording = hums();
  const known: Recording = { ...recording, labels: ['normal', 'normal2', 'strange'] };
  // What it is to know: the slow and the middle hum, one of them not labelled at all.
  const label = known.nodes[0]!.label.map((index) => (index === 1 ? -1 : index));
  const options: TrainOptions = { ...OPTIONS, recording: { ...known, nodes: [{ ...known.nodes[0]!, label }] } };
  const { bytes, report } = await trainModel({ ...options, task: 'anomaly', hidden: [4], epochs: 40 });
  if (report.task !== 'anomaly') throw new Error('not an autoencoder');
  assert.ok(report.anomaly.auc! > 0.9, JSON.stringify(report.anomaly));
  assert.ok(report.anomalousWindows > 30);
  assert.ok(Math.abs(report.anomaly.error.int8 - report.anomaly.error.float) < 0.1 * report.anomaly.error.float);
  const { card } = loadModel(bytes, defaultModelLimits);
  assert.is(card.task === 'anomaly' && card.threshold, report.anomaly.threshold);
  await assertSameAsOracle(bytes, 20);
});

convolutional('what contradicts itself is refused', async () => {
  const cases: readonly (readonly [Partial<TrainOptions>, RegExp])[] = [
    [{ features: 'spectral' }, /convolutions take the window itself/],
    [{ model: 'dense' }, /belong to --model conv/],
  ];
  for (const [options, message] of cases) {
    try {
      await trainModel({ ...OPTIONS, ...options });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, CommandError);
      assert.match((error as CommandError).message, message);
    }
  }
});

convolutional.run();
