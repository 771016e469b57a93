import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRecording } from '../../firmware/io/recording.ts';
import { readModelCard } from '../../firmware/model-file.ts';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import { type DescribeFlags, describeFile } from '../../tools/model/describe.ts';
import { cutNormalWindows } from '../../tools/model/describe-windows.ts';
import { randomClassifier } from '../support/classifier.ts';
import { describeCommand } from '../support/describe-command.ts';
import { autoencoder, linearModel, regressor } from '../support/task-models.ts';
import { ANOMALY_CHANNELS, anomalyRecording, measuredRecording, recordingOf } from '../support/task-recordings.ts';

const folder = mkdtempSync(join(tmpdir(), 'myrmex-describe-tasks-'));
const path = join(folder, 'model.tflite');
const put = (model: TfliteModel): void => writeFileSync(path, writeModel({ ...model, metadata: [] }));
const card = (): ModelCard => readModelCard(readFileSync(path), defaultModelLimits);

const DEFAULTS = { window: 1, features: 'raw', standardise: true, thresholdQuantile: 0.99, sampleInterval: 0 } as const;
const describeIt = (flags: Partial<DescribeFlags> & { channels: string[] }) =>
  describeFile(path, { ...DEFAULTS, ...flags });

const run = describeCommand(path);
const anomalyFlags = ['--channels', ANOMALY_CHANNELS.join(), '--window', '1'];
const measuringFlags = ['--channels', 'channel0,channel1', '--window', '1'];

const tasks = suite('myrmexctl model describe: tasks');
tasks.after(() => rmSync(folder, { recursive: true, force: true }));

tasks(
  'what gives back as much as it takes is an autoencoder; its threshold is a quantile of normal windows',
  async () => {
    put(autoencoder());
    const recording = await anomalyRecording(1);
    const { remarks } = await describeIt({ channels: ANOMALY_CHANNELS, recording, thresholdQuantile: 0.95 });
    const described = card();
    assert.is(described.task, 'anomaly');
    assert.match(remarks[0]!, /gives back the 4 values it takes: taken as an autoencoder/);
    assert.match(remarks[1]!, /50 windows of .* left out: not normal/);
    assert.match(remarks[2]!, /95 % of 550 normal windows do not score above/);
    // The definition: the smallest score that 95 in 100 of the 550 do not exceed, so 522 or 523 of them keep to it.
    const pipeline = createPipeline({ ...defaultPipelineOptions, model: readFileSync(path), seed: 0 });
    const rows = readFileSync(recording, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const scores = rows
      .filter((cells) => cells[3] !== 'leak')
      .map((cells, index) => {
        const samples = Float32Array.from(cells.slice(4), Number);
        return pipeline.decide({ samples, index, valid: true }).values[0]!;
      });
    const { threshold } = described as ModelCard & { threshold: number };
    assert.is(scores.filter((score) => score < threshold).length, 522);
    assert.ok(scores.includes(threshold));
  },
);

tasks('a threshold may be given; an autoencoder without one is not written', async () => {
  put(autoencoder());
  const before = readFileSync(path);
  const missing = await run(...anomalyFlags);
  assert.match(missing?.message ?? 'accepted', /needs a threshold: give --recording .* or --threshold/);
  assert.is(missing?.exitCode, 2);
  assert.equal(readFileSync(path), before);
  assert.is(await run(...anomalyFlags, '--threshold', '0.25'), null);
  assert.is((card() as ModelCard & { threshold: number }).threshold, 0.25);
});

tasks('--no-standardise leaves the features as they come, and the recording gives the threshold alone', async () => {
  put(autoencoder());
  const recording = await anomalyRecording(2);
  assert.is(await run(...anomalyFlags, '--recording', recording, '--no-standardise'), null);
  const plain = card() as ModelCard & { threshold: number };
  assert.equal(plain.normalisation.mean, [0, 0, 0, 0]);
  assert.equal(plain.normalisation.deviation, [1, 1, 1, 1]);
  assert.ok(plain.threshold > 0 && plain.threshold < 0.02, `${plain.threshold}`);
  assert.is(await run(...anomalyFlags, '--recording', recording), null);
  assert.not.equal(card().normalisation.deviation, [1, 1, 1, 1]);
});

tasks('a window with one row that is not normal is left out, wherever in it the row is', async () => {
  const labels = ['', 'leak', '', 'normal', '', ''];
  const path = await recordingOf(
    ['a'],
    labels.map((label, t) => ['1', t, label, t]),
  );
  const { windows, leftOut } = cutNormalWindows(await readRecording(path), 3, 1);
  assert.equal([windows.count, leftOut, [...windows.samples]], [2, 2, [2, 3, 4, 3, 4, 5]]);
});

tasks('a recording without a normal window, or a quantile of too few, is said', async () => {
  put(autoencoder());
  const odd = await recordingOf(ANOMALY_CHANNELS, [['1', 0, 'leak', 1, 1, 1, 1]]);
  assert.match(
    (await run(...anomalyFlags, '--recording', odd))?.message ?? 'accepted',
    /no whole normal window of 1 rows/,
  );
  const few = await recordingOf(
    ANOMALY_CHANNELS,
    [0, 1, 2].map((t) => ['1', t, '', t, 1, 1, 1]),
  );
  const { remarks } = await describeIt({ channels: ANOMALY_CHANNELS, recording: few, standardise: false });
  assert.match(remarks.at(-1)!, /too few for this quantile, it is their largest score/);
});

tasks('a model that ends in nothing known measures; outputs have names, units and ranges', async () => {
  put(regressor());
  const { remarks } = await describeIt({ channels: ['channel0', 'channel1'] });
  assert.match(remarks[0]!, /taken as a regressor of 1 values/);
  assert.equal((card() as ModelCard & { outputs: unknown }).outputs, [{ name: 'value' }]);
  assert.is(await run(...measuringFlags, '--outputs', 'flow:m3/h:0..120'), null);
  const outputs = [{ name: 'flow', unit: 'm3/h', range: { low: 0, high: 120 } }];
  assert.equal((card() as ModelCard & { outputs: unknown }).outputs, outputs);
  assert.is(await run(...measuringFlags, '--outputs', 'flow::-5..5'), null);
  assert.equal((card() as ModelCard & { outputs: unknown }).outputs, [{ name: 'flow', range: { low: -5, high: 5 } }]);
  // 2,000 different targets: more than a recording may name classes.
  assert.is(await run(...measuringFlags, '--task', 'regression', '--recording', await measuredRecording(1)), null);
  assert.ok(Math.abs(card().normalisation.deviation[0]! - Math.sqrt(3)) < 0.1, 'standardised by the recording');
});

tasks('one value in, one value out is a measurement and no reconstruction', async () => {
  put(linearModel([{ weights: [[1]], bias: [0], range: { low: -4, high: 4 } }], null));
  await describeIt({ channels: ['only'] });
  assert.is(card().task, 'regression');
});

tasks('flags that contradict each other or the model are refused, and the file is as it was', async () => {
  const wrong: readonly [TfliteModel, readonly string[], RegExp][] = [
    [regressor(), [...measuringFlags, '--outputs', 'a,b'], /names 2 outputs, the model gives 1/],
    [regressor(), [...measuringFlags, '--outputs', 'flow:m3/h:9'], /is not name, name:unit or name:unit:low\.\.high/],
    [regressor(), [...measuringFlags, '--outputs', 'flow:m3/h:9..1'], /range of flow goes from 9 to 1/],
    [regressor(), [...measuringFlags, '--outputs', ''], /is not name, name:unit/],
    [regressor(), [...measuringFlags, '--task', 'anomaly', '--threshold', '1'], /reconstruction of the 2 features/],
    [regressor(), [...measuringFlags, '--task', 'regression', '--labels', 'a,b'], /--labels belongs to classification/],
    [regressor(), [...measuringFlags, '--outputs', 'a', '--threshold', '1'], /--outputs|--threshold/],
    [regressor(), [...measuringFlags, '--task', 'classification'], /name its 1 classes with --labels/],
    [
      randomClassifier({ channels: 2, hidden: [], classes: 3, seed: 1 }),
      measuringFlags,
      /ends in a softmax, as classifiers do: name its 3 classes with --labels/,
    ],
  ];
  for (const [model, flags, message] of wrong) {
    put(model);
    const before = readFileSync(path);
    assert.match((await run(...flags))?.message ?? 'accepted', message);
    assert.equal(readFileSync(path), before);
  }
});

tasks.run();
