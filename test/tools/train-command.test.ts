import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { type AnomalyCard, parseModelCard } from '../../protocols/model-card.ts';

const command = suite('train command', { folder: '', recording: '' });
const myrmexctl = fileURLToPath(new URL('../../dist/myrmexctl.js', import.meta.url));

command.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'myrmex-train-test-'));
  context.recording = join(context.folder, 'recording.csv');
  const random = createRandom(1, 'command');
  const rows = Array.from({ length: 300 }, (_, i) => {
    const busy = Math.floor(i / 30) % 2;
    return `pump,${i < 200 ? 'monday' : 'tuesday'},${i},${busy ? 'busy' : 'idle'},${busy * 4 + random.normal()}`;
  });
  await writeFile(context.recording, `node,segment,t_ms,label,current\n${rows.join('\n')}\n`);
});
command.after(async ({ folder }) => rm(folder, { recursive: true }));

function run(...args: string[]) {
  return spawnSync(process.execPath, [myrmexctl, 'train', ...args], { encoding: 'utf8' });
}

command(
  'writes a model and reports it, as text and as one JSON object on the last line',
  async ({ folder, recording }) => {
    const out = join(folder, 'm.tflite');
    const shape = ['--window', '1', '--stride', '1', '--hidden', '8'];
    const { status, stdout, stderr } = run(recording, ...shape, '--segments', 'monday', '--out', out, '--json');
    assert.is(status, 0, stderr);
    assert.is(stderr, '', 'no progress bar where standard error is not a terminal');
    assert.match(stdout, /held back +float \d+\.\d %, int8 \d+\.\d %/);
    const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    assert.equal(report.labels, ['busy', 'idle']);
    assert.is(report.windows, 200);
    assert.ok(report.accuracy.int8 > 0.9, JSON.stringify(report.accuracy));
    const bytes = await readFile(out);
    assert.is(bytes.length, report.modelBytes);
    assert.equal(
      readModel(bytes, defaultModelLimits).metadata.map(({ name }) => name),
      ['myrmex', 'myrmex-windows'],
    );
  },
);

command('an autoencoder is one word away, and its threshold is in its card', async ({ folder, recording }) => {
  const out = join(folder, 'a.tflite');
  const nothingLabelled = join(folder, 'unlabelled.csv');
  await writeFile(nothingLabelled, (await readFile(recording, 'utf8')).replace(/,(busy|idle),/g, ',,'));
  const shape = ['--model', 'autoencoder', '--window', '4', '--stride', '2', '--epochs', '3', '--out', out, '--json'];
  const { status, stdout, stderr } = run(nothingLabelled, ...shape, '--threshold-quantile', '0.9');
  assert.is(status, 0, stderr);
  assert.match(stdout, /threshold +\S+: 90.0 % of the held-back windows do not score above it/);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  assert.equal([report.task, report.anomaly.quantile, report.anomaly.auc], ['anomaly', 0.9, null]);
  const [card] = readModel(await readFile(out), defaultModelLimits).metadata;
  const { task, threshold } = parseModelCard(card!.bytes) as AnomalyCard;
  assert.equal([task, threshold], ['anomaly', report.anomaly.threshold]);
});

command('bad input ends with one line that says what to do, and writes nothing', async ({ folder, recording }) => {
  const out = join(folder, 'none.tflite');
  const shape = ['--window', '1', '--stride', '1', '--out', out];
  const cases: readonly (readonly [string[], RegExp])[] = [
    [[join(folder, 'nowhere.csv'), ...shape], /there is no recording/],
    [[recording, ...shape, '--segments', 'sunday'], /no segment "sunday"; it has monday, tuesday/],
    [[recording, ...shape, '--nodes', 'fan'], /no node "fan"; it has pump/],
    [[recording, '--window', '900', '--stride', '1', '--out', out], /smaller --window/],
    [[recording, '--window', '0', '--stride', '1', '--out', out], /integer from 1/],
    [[recording, ...shape, '--features', 'wavelet'], /Allowed choices are auto, raw, statistics, spectral/],
    [[recording, '--window', '4', '--stride', '4', '--out', out, '--features', 'spectral'], /at least 8 samples/],
    [[recording, ...shape, '--hidden', '8,x'], /integer from 1/],
    [[recording, ...shape, '--model', 'autoencoder', '--task', 'classification'], /tells no labels apart/],
    [[recording, ...shape, '--threshold-quantile', '0.9'], /belongs to --task anomaly/],
    [[recording, '--stride', '1', '--out', out], /--window/],
    [[recording, '--window', '1', '--stride', '1', '--out', join(folder, 'no', 'm')], /no such file or folder/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = run(...args);
    assert.ok(status !== 0, args.join(' '));
    assert.match(stderr, message);
    assert.not.match(stderr, /^\s+at /m, 'a stack trace');
    assert.is(stdout, '');
  }
  assert.not(existsSync(out));
});

command.run();
