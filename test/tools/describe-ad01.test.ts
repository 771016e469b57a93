import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readModelCard } from '../../firmware/model-file.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { runFile } from '../../tools/model/run-file.ts';
import type { ReplayReport } from '../../tools/replay/report.ts';
import { lastObject, myrmexctl } from '../end-to-end/programs.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { recordingOf } from '../support/task-recordings.ts';

/** MLPerf Tiny's anomaly model looks at 5 frames of 128 mel bands, in dB. */
const MELS = 128;
const FRAMES = 5;
const SIZE = MELS * FRAMES;

const ad01 = suite('MLPerf Tiny ad01, from elsewhere');

/** [200 × 128] log-mel frames of a healthy toy car, float32 little-endian. */
const frames = async (): Promise<Float32Array> => {
  const bytes = await readFile(dataPath('tflite_models', 'normal_id_01_00000000_hist_librosa.bin'));
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
};

const windowAt = (mel: Float32Array, frame: number): number[] => [...mel.subarray(frame * MELS, frame * MELS + SIZE)];

/** A whistle: 20 dB more in four neighbouring mel bands of every frame. */
const whistling = (window: number[]): number[] =>
  window.map((value, i) => (i % MELS >= 90 && i % MELS < 94 ? value + 20 : value));

dataTest(ad01, 'described and replayed it gives the scores of its own int8 outputs', 'tflite_models', async () => {
  const mel = await frames();
  const count = mel.length / MELS - FRAMES + 1;
  const channels = Array.from({ length: SIZE }, (_, i) => `f${Math.floor(i / MELS)}m${i % MELS}`);
  const rows = Array.from({ length: count }, (_, frame) => {
    const segment = frame < count / 2 ? 'first' : 'second';
    const odd = segment === 'second' && frame % 2 === 1;
    const window = windowAt(mel, frame);
    return [segment, frame, odd ? 'whistle' : 'normal', ...(odd ? whistling(window) : window)];
  });
  const normal = await recordingOf(
    channels,
    rows.filter(([segment]) => segment === 'first'),
  );
  const both = await recordingOf(channels, rows);
  const folder = await temporaryFolder();
  const model = join(folder, 'ad01.tflite');
  await copyFile(dataPath('tflite_models', 'ad01_int8.tflite'), model);
  const flags = ['--channels', channels.join(), '--window', '1', '--recording', normal, '--no-standardise'];
  const described = myrmexctl('model', 'describe', model, ...flags, '--threshold-quantile', '0.95');
  assert.is(await described.ended, 0, described.stderr());
  assert.match(described.stderr(), /gives back the 640 values it takes: taken as an autoencoder/);
  const card = readModelCard(await readFile(model), defaultModelLimits);
  const replayed = myrmexctl('replay', both, '--model', model, '--json');
  assert.is(await replayed.ended, 0, replayed.stderr());
  const { anomaly } = lastObject<ReplayReport>(replayed);
  assert.ok(card.task === 'anomaly' && anomaly!.threshold === card.threshold);
  const [first, second] = anomaly!.segments;
  assert.ok(Math.abs(first!.flagged / first!.windows - 0.05) < 0.02, `${first!.flagged} of ${first!.windows} flagged`);
  assert.ok(second!.auc! > 0.95, `AUC ${second!.auc}`);
  const mean = await meanScoreByHand(
    folder,
    model,
    rows.filter(([segment]) => segment === 'first'),
  );
  assert.ok(Math.abs(mean - first!.meanScore!) < 1e-4 * mean, `${mean} by hand, ${first!.meanScore}`);
});

/** Quantises by hand, runs the raw int8 model, and takes the mean square of input less dequantised output. */
async function meanScoreByHand(folder: string, model: string, rows: (string | number)[][]): Promise<number> {
  const { subgraph } = readModel(await readFile(model), defaultModelLimits);
  const [taken, given] = [subgraph.inputs[0]!, subgraph.outputs[0]!].map((at) => subgraph.tensors[at]!.quantisation!);
  const values = rows.flatMap((cells) => cells.slice(3) as number[]);
  const q = values.map((z) => Math.max(-128, Math.min(127, Math.round(z / taken!.scale[0]!) + taken!.zeroPoint[0]!)));
  const [input, output] = [join(folder, 'in.i8'), join(folder, 'out.i8')];
  await writeFile(input, Int8Array.from(q));
  await runFile(model, input, output);
  const bytes = new Int8Array(await readFile(output));
  const errors = values.map((z, i) => (z - (bytes[i]! - given!.zeroPoint[0]!) * given!.scale[0]!) ** 2);
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

ad01.run();
