import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readModelCard } from '../../firmware/model-file.ts';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { cardOf, randomClassifier } from '../support/classifier.ts';
import { describeCommand } from '../support/describe-command.ts';

const SHAPE = { channels: 4, hidden: [9], classes: 3, seed: 5 };
const { labels, channels } = cardOf(SHAPE);
const withCard = writeModel(randomClassifier(SHAPE));
const bare = writeModel({ ...randomClassifier(SHAPE), metadata: [{ name: 'theirs', bytes: Uint8Array.of(1, 2) }] });

const folder = mkdtempSync(join(tmpdir(), 'myrmex-describe-'));
const path = join(folder, 'model.tflite');

const describe = suite('myrmexctl model describe');
describe.before.each(() => writeFileSync(path, bare));
describe.after(() => rmSync(folder, { recursive: true, force: true }));

const run = describeCommand(path);
const usual = ['--labels', labels.join(), '--channels', channels.join(), '--window', '1'];

const decisionsOf = (model: Uint8Array): string => {
  const pipeline = createPipeline({ ...defaultPipelineOptions, model, seed: 0 });
  const random = createRandom(3);
  for (let index = 0; index < 50; index++) {
    const samples = Float32Array.from({ length: SHAPE.channels }, () => random.normal());
    pipeline.decide({ samples, index, valid: true });
  }
  return pipeline.fingerprint;
};

describe('a described model decides as one that was trained here', async () => {
  assert.is(await run(...usual), null);
  const described = readFileSync(path);
  assert.equal(readModelCard(described, defaultModelLimits).labels, labels);
  assert.is(decisionsOf(described), decisionsOf(withCard));
  assert.is(await run(...usual), null, 'describing it again replaces the card');
  assert.equal(readFileSync(path), described);
});

describe('--out leaves the model as it was', async () => {
  const out = join(folder, 'out.tflite');
  assert.is(await run(...usual, '--out', out), null);
  assert.equal(new Uint8Array(readFileSync(path)), bare);
  assert.is(decisionsOf(readFileSync(out)), decisionsOf(withCard));
});

describe('a recording gives mean and deviation', async () => {
  const recording = join(folder, 'r.csv');
  const rows = [0, 2, 4, 6].map((v, at) => `n,1,${at},a,${v},${10 * v},5,${-v}`);
  writeFileSync(recording, `node,segment,t_ms,label,${channels.join(',')}\n${rows.join('\n')}\n`);
  assert.is(await run(...usual, '--recording', recording), null);
  const { normalisation } = readModelCard(readFileSync(path), defaultModelLimits);
  assert.equal(normalisation.mean, [3, 30, 5, -3]);
  assert.ok(Math.abs(normalisation.deviation[1]! - 10 * normalisation.deviation[0]!) < 1e-6);
  assert.ok(normalisation.deviation[2]! > 0, 'a channel that never moves is not divided by zero');
});

describe('what does not fit is refused, and the file is as it was', async () => {
  const wrong: readonly [readonly string[], RegExp][] = [
    [['--labels', 'a,b', '--channels', channels.join(), '--window', '1'], /names 2 classes, the model tells 3 apart/],
    [['--labels', labels.join(), '--channels', 'x,y', '--window', '1'], /makes 2 features .* the model takes 4/],
    [['--labels', 'a,a,b', '--channels', channels.join(), '--window', '1'], /labels twice/],
    [[...usual, '--features', 'spectral'], /need --recording/],
    [[...usual, '--recording', join(folder, 'none.csv')], /none\.csv/],
  ];
  for (const [flags, message] of wrong) {
    const failure = await run(...flags);
    assert.match(failure?.message ?? 'accepted', message);
    assert.is(failure?.exitCode, 1);
    assert.equal(new Uint8Array(readFileSync(path)), bare);
  }
});

describe.run();
