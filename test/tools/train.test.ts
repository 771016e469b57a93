import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording } from '../../firmware/io/recording.ts';
import { readRecording } from '../../firmware/io/recording.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { createFeatures } from '../../kernels/signal/features.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { MODEL_CARD_METADATA_NAME, parseModelCard } from '../../protocols/model-card.ts';
import { CommandError } from '../../tools/errors.ts';
import { int8Accuracy } from '../../tools/train/evaluate.ts';
import { extractAll } from '../../tools/train/feature-choice.ts';
import { splitByTime } from '../../tools/train/split.ts';
import { fitNormalisation, normaliseAll } from '../../tools/train/standardise.ts';
import { trainDense } from '../../tools/train/train-dense.ts';
import type { TrainOptions } from '../../tools/train/train-options.ts';
import { cutWindows } from '../../tools/train/windows.ts';
import { dataTest, recordingFile } from '../support/data.ts';
import { createOracle } from '../support/oracle.ts';
import { rounds } from '../support/rounds.ts';

const train = suite('train');

/** One node whose class changes every `run` rows; `sample` gives a row of a class. */
function recordingOf(
  labels: readonly string[],
  run: number,
  runs: number,
  sample: (label: number, row: number) => number[],
) {
  const rows = run * runs;
  const label = Int16Array.from({ length: rows }, (_, i) => Math.floor(i / run) % labels.length);
  const cells = Array.from({ length: rows }, (_, i) => sample(label[i]!, i));
  const channels = cells[0]!.map((_, c) => `c${c}`);
  const node = {
    node: 'n',
    rows,
    tMs: Float64Array.from({ length: rows }, (_, i) => i * 10),
    segment: new Int32Array(rows),
    segments: ['0'],
    label,
    values: Float32Array.from(cells.flat()),
  };
  return { channels, labels, nodes: [node], missing: 0 } satisfies Recording;
}

/** A hum of one of three pitches in noise. */
function hums(): Recording {
  const random = createRandom(1, 'hums');
  return recordingOf(['slow', 'mid', 'fast'], 320, 15, (label, row) => [
    Math.sin((2 * Math.PI * [3, 7, 12][label]! * row) / 64) + 0.3 * random.normal(),
  ]);
}

const QUICK = { window: 64, stride: 32, seed: 3, features: 'auto', hidden: [8], epochs: 60 } as const;

async function refusal(options: TrainOptions): Promise<CommandError> {
  try {
    await trainDense(options);
  } catch (error) {
    assert.instance(error, CommandError);
    return error as CommandError;
  }
  throw new Error('trained');
}

train('windows are labelled when all rows agree, and labels are sorted', () => {
  const windows = cutWindows(hums(), 64, 32);
  assert.equal(windows.labels, ['fast', 'mid', 'slow']);
  assert.is(windows.sampleIntervalMs, 10);
  assert.is(windows.count, 15 * 9, 'nine windows in each run of 320 rows');
  assert.is(windows.unlabelled, 14, 'one across each change');
  assert.equal([...windows.truth.subarray(0, 10)], [...new Array<number>(9).fill(2), 1]);
});

train('the split holds back whole stretches of every class and shares no row', () => {
  const windows = cutWindows(hums(), 64, 32);
  const { training, heldBack } = splitByTime(windows, createRandom(5));
  for (const label of [0, 1, 2]) {
    assert.ok([...training].some((i) => windows.truth[i] === label));
    const held = [...heldBack].filter((i) => windows.truth[i] === label).length;
    assert.ok(held >= 8 && held <= 10, `${held} of 45 held back`);
  }
  for (const a of training) {
    for (const b of heldBack) assert.ok(Math.abs(windows.firstRow[a]! - windows.firstRow[b]!) >= 64, `${a} and ${b}`);
  }
});

train('learns, and writes all that is needed to run the model', async () => {
  const progress: number[] = [];
  const { bytes, report } = await trainDense({
    ...QUICK,
    recording: hums(),
    onProgress: (done) => progress.push(done),
  });
  assert.ok(report.accuracy.float > 0.95 && report.accuracy.int8 > 0.95, JSON.stringify(report.accuracy));
  assert.is(progress.at(-1), progress.length);
  const model = readModel(bytes, defaultModelLimits);
  const card = parseModelCard(model.metadata.find(({ name }) => name === MODEL_CARD_METADATA_NAME)!.bytes);
  assert.equal([card.labels, card.channels, card.window, card.stride], [['fast', 'mid', 'slow'], ['c0'], 64, 32]);
  assert.is(card.features.kind, 'spectral');
  const features = createFeatures(card.features, { channels: 1, window: 64 });
  assert.is(features.size, card.normalisation.mean.length);
  const windows = cutWindows(hums(), 64, 32);
  const inputs = extractAll(card.features, { channels: 1, window: 64 }, windows.samples);
  assert.ok(int8Accuracy(model, normaliseAll(card.normalisation, inputs), windows.truth) > 0.95);
});

train('the same seed gives the same bytes, another seed others', async () => {
  const options = { ...QUICK, recording: hums(), epochs: 2 };
  const first = await trainDense(options);
  assert.equal((await trainDense(options)).bytes, first.bytes);
  assert.not.equal((await trainDense({ ...options, seed: 4 })).bytes, first.bytes);
});

train('a feature of one sign that spans decades is taken as a logarithm, others are not', () => {
  const random = createRandom(2, 'columns');
  const rows = Array.from({ length: 400 }, () => [
    Math.exp(2 * random.normal()),
    -Math.exp(2 * random.normal()),
    random.normal(),
    100 + random.normal(),
  ]);
  const { transform, deviation } = fitNormalisation(Float32Array.from(rows.flat()), 4, 'ratioScale');
  assert.equal(transform, ['signedLog', 'signedLog', 'linear', 'linear']);
  assert.ok(deviation.every((d) => d > 0));
});

train('a constant feature does not divide by zero', () => {
  const { mean, deviation } = fitNormalisation(new Float32Array(20).fill(7), 1, 'linear');
  assert.equal([mean, deviation], [[7], [7]]);
});

train('where sensitivity drifts, the logarithm is chosen by measurement', async () => {
  const random = createRandom(3, 'sensors');
  // Classes differ in the ratio of two channels; their common strength spans decades.
  const recording = recordingOf(['a', 'b'], 40, 10, (label) => {
    const strength = Math.exp(1.5 * random.normal() + 4);
    return [strength * (label === 0 ? 4 : 1), strength * (label === 0 ? 1 : 4)];
  });
  const options = { ...QUICK, recording, window: 1, stride: 1, epochs: 60 };
  const { report } = await trainDense(options);
  assert.is.not(report.scalings[0]!.scaling, 'linear', JSON.stringify(report.scalings));
  assert.ok(report.accuracy.int8 > 0.9);
});

train('what cannot be trained on is refused with a reason', async () => {
  const recording = hums();
  const unlabelled = { ...recording, nodes: [{ ...recording.nodes[0]!, label: new Int16Array(4800).fill(-1) }] };
  const one = { ...recording, nodes: [{ ...recording.nodes[0]!, label: new Int16Array(4800) }] };
  const rare = { ...recording, nodes: [{ ...recording.nodes[0]!, label: new Int16Array(4800).fill(1, 0, 64) }] };
  const cases = [
    [{ ...QUICK, recording, window: 5000 }, 'noWindow', /smaller --window/],
    [{ ...QUICK, recording: unlabelled }, 'noLabelledWindow', /label more rows/],
    [{ ...QUICK, recording: one }, 'oneClass', /"slow": a classifier needs at least two/],
    [{ ...QUICK, recording: rare }, 'rareClass', /class "mid" has 1 of the 5/],
  ] as const;
  for (const [options, code, message] of cases) {
    const error = await refusal(options);
    assert.is(error.code, code);
    assert.match(error.message, message);
  }
});

dataTest(train, 'gas_drift: right where it was trained, bit-identical in TensorFlow Lite', 'gas_drift', async () => {
  const path = await recordingFile('gas_drift', ['--segments', '1,2']);
  const recording = await readRecording(path, { segments: ['1'] });
  const options = { recording, window: 1, stride: 1, seed: 0, features: 'auto', hidden: [64, 32] } as const;
  const { bytes, report } = await trainDense({ ...options, epochs: rounds(12, 40) });
  assert.ok(report.accuracy.float > 0.93 && report.accuracy.int8 > 0.93, JSON.stringify(report.accuracy));
  assert.is(report.features.count, 128);
  const theirs = (await createOracle()).load(bytes);
  const engine = createEngine();
  const model = readModel(bytes, defaultModelLimits);
  const ours = createInterpreter(model, { engine, limits: defaultModelLimits, keepActivations: false });
  const random = createRandom(6, 'oracle');
  for (let i = 0; i < 300; i += 1) {
    const input = Int8Array.from({ length: 128 }, () => random.integer(256) - 128);
    ours.inputs[0]!.data.set(input);
    ours.invoke();
    assert.equal([...ours.outputs[0]!.data], [...theirs.run(input)], `input ${i}`);
  }
});

train.run();
