import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording, RecordingNode } from '../../firmware/io/recording.ts';
import { ownExpertNames } from '../../firmware/pipeline.ts';
import { createReveal } from '../../firmware/reveal.ts';
import { CommandError } from '../../tools/errors.ts';
import { type ReplayOptions, replay } from '../../tools/replay/replay.ts';
import type { ReplayReport } from '../../tools/replay/report.ts';
import { cardOf, randomClassifierFile } from '../support/classifier.ts';
import { taughtStream } from '../support/teacher.ts';

const SHAPE = { channels: 4, hidden: [16], classes: 3, seed: 2 };
const MODEL = randomClassifierFile(SHAPE);

const streamOf = (seed: number, rows = 400): RecordingNode =>
  taughtStream({ classes: 3, channels: 4, rows, seed, drift: 0.5 });

const recordingOf = (...nodes: readonly RecordingNode[]): Recording =>
  ({ channels: cardOf(SHAPE).channels, labels: cardOf(SHAPE).labels, nodes }) as unknown as Recording;

const play = (recording: Recording, changes: Partial<ReplayOptions> = {}): ReplayReport =>
  replay({
    ...{ recording, model: MODEL, labelRate: 0.3, seed: 0, experts: ownExpertNames, baselines: [], now: () => 0 },
    ...changes,
  });

const replays = suite('replay');

replays('reports every expert over the stream, its second half and its nodes, in the promised shape', () => {
  const report = play(recordingOf(streamOf(1), streamOf(2, 300)), { baselines: ['repeatLast', 'full'] });
  assert.is(report.windows, 700);
  assert.is(report.scored, 700);
  assert.is(report.labels, report.nodes[0]!.labels + report.nodes[1]!.labels);
  assert.ok(report.labels > 160 && report.labels < 260, `${report.labels} of 700 labels at 0.3`);
  assert.equal(Object.keys(report.experts), ['frozen', 'renormalised', 'local', 'linear', 'context', 'mixture']);
  assert.equal(Object.keys(report.baselines ?? {}), ['repeatLast', 'full']);
  for (const expert of Object.values({ ...report.experts, ...report.baselines })) {
    for (const key of ['accuracy', 'secondHalf', 'worstNode'] as const) {
      assert.ok(expert[key] >= 0 && expert[key] <= 1, `${key} ${expert[key]}`);
    }
    assert.ok(expert.worstNode <= expert.accuracy);
  }
  assert.is(report.experts.frozen!.worstDelta, 0);
  const [first, second] = report.nodes;
  const frozen = (Number(first!.frozen) * 400 + Number(second!.frozen) * 300) / 700;
  assert.ok(Math.abs(report.experts.frozen!.accuracy - frozen) < 1e-5);
  const { mixture, local } = report.experts;
  assert.ok(mixture!.accuracy > report.experts.frozen!.accuracy + 0.2, `mixture ${mixture!.accuracy}`);
  assert.ok(report.baselines!.full!.accuracy > report.experts.frozen!.accuracy + 0.2);
  assert.ok(local!.secondHalf > 0.8, `local ${local!.secondHalf}`);
  const deltas = report.nodes.map((node) => Number(node.mixture) - Number(node.frozen));
  assert.ok(Math.abs(mixture!.worstDelta - Math.min(...deltas)) < 2e-6);
  assert.is(report.adapterParameters, (16 + 3) * 3 + 2 * (4 + 16), 'B of rank 2 and bias of both layers, and A');
});

replays('the same command gives the same decisions, another seed or rate gives others', () => {
  const recording = recordingOf(streamOf(3));
  const fingerprint = (changes: Partial<ReplayOptions> = {}): string => play(recording, changes).decisionFingerprint;
  assert.match(fingerprint(), /^[0-9a-f]{16}$/);
  assert.is(fingerprint(), fingerprint());
  assert.is(fingerprint(), fingerprint({ baselines: ['repeatLast'] }));
  assert.is.not(fingerprint(), fingerprint({ seed: 1 }));
  assert.is.not(fingerprint(), fingerprint({ labelRate: 0.2 }));
});

replays('a node decides alike whoever else is played beside it', () => {
  const alone = play(recordingOf(streamOf(1)));
  const together = play(recordingOf(streamOf(2), streamOf(1)));
  assert.equal(
    together.nodes.find(({ node }) => node === 'node-1'),
    alone.nodes[0],
  );
});

replays('without labels nothing is learned', () => {
  const { experts, labels, nodes } = play(recordingOf(streamOf(1)), { labelRate: 0 });
  assert.is(labels, 0);
  assert.is(nodes[0]!.local, nodes[0]!.frozen);
  assert.equal(experts.local, experts.frozen);
});

replays('asked labels keep to the same budget, are the same each time, and teach at least as much', () => {
  const recording = recordingOf(streamOf(1), streamOf(2));
  const rate = 0.1;
  const asked = play(recording, { labelRate: rate, labelPolicy: 'asked' });
  assert.ok(asked.labels <= 800 * rate + 2 && asked.labels >= 800 * rate - 22, `${asked.labels} labels`);
  assert.is(asked.decisionFingerprint, play(recording, { labelRate: rate, labelPolicy: 'asked' }).decisionFingerprint);
  const random = play(recording, { labelRate: rate });
  const [a, r] = [asked.experts.mixture!.accuracy, random.experts.mixture!.accuracy];
  assert.ok(a > r - 0.01, `asked ${a}, at random ${r}`);
});

replays('the label of a window is revealed only after its decision', () => {
  const stream = streamOf(5, 60);
  const guess = play(recordingOf(stream), { labelRate: 1, baselines: ['repeatLast'] });
  const repeated = Array.from(stream.label).filter((label, i, all) => i > 0 && label === all[i - 1]).length;
  assert.ok(Math.abs(guess.baselines!.repeatLast!.accuracy - repeated / 60) < 1e-5);
});

replays(
  'windows without a label, with one the model does not know, or with gaps are decided or counted, not scored',
  () => {
    const stream = streamOf(6, 100);
    stream.label.fill(-1, 0, 10);
    stream.label.fill(3, 10, 30);
    stream.values.fill(Number.NaN, 40 * 4, 45 * 4);
    const recording = { ...recordingOf(stream), labels: [...cardOf(SHAPE).labels, 'stranger'] };
    const report = play(recording, { labelRate: 1 });
    assert.is(report.windows, 100);
    assert.is(report.unknownLabels, 20);
    assert.is(report.invalidWindows, 5);
    assert.is(report.scored, 65);
    assert.is(report.labels, 65);
  },
);

replays('a recording that does not belong to the model is refused with what to do', () => {
  const refusal = (recording: Recording): string => {
    try {
      play(recording);
    } catch (error) {
      assert.instance(error, CommandError);
      return (error as CommandError).message;
    }
    return 'not refused';
  };
  const renamed = { ...recordingOf(streamOf(1)), channels: ['a', 'b', 'c', 'd'] };
  assert.match(refusal(renamed), /trained on 4 channels \(channel0, .*has 4 \(a, b, c, d\)/);
  assert.match(refusal(recordingOf(streamOf(1, 0))), /nothing to replay/);
});

replays('labels are revealed at their rate, by node and seed, and a rate that is none is refused', () => {
  const draws = (rate: number, seed: number, node: string): string => {
    const reveal = createReveal({ rate, seed, node });
    return Array.from({ length: 2000 }, () => (reveal.next() ? '1' : '0')).join('');
  };
  const share = draws(0.1, 0, 'a').split('1').length - 1;
  assert.ok(share > 150 && share < 250, `${share} of 2000`);
  assert.is(draws(0.1, 0, 'a'), draws(0.1, 0, 'a'));
  assert.is.not(draws(0.1, 0, 'a'), draws(0.1, 1, 'a'));
  assert.is.not(draws(0.1, 0, 'a'), draws(0.1, 0, 'b'));
  assert.not.match(draws(0, 0, 'a'), /1/);
  assert.not.match(draws(1, 0, 'a'), /0/);
  for (const rate of [-0.1, 1.1, Number.NaN])
    assert.throws(() => createReveal({ rate, seed: 0, node: 'a' }), /label rate/);
});

const myrmexctl = (args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const program = fileURLToPath(new URL('../../dist/myrmexctl.js', import.meta.url));
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

replays('the command prints a table, and with --json one object on the last line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-replay-'));
  const stream = streamOf(1, 80);
  const rows = Array.from(stream.label, (label, row) => {
    const values = stream.values.subarray(row * 4, row * 4 + 4);
    return `plant,0,${row * 10},class${label},${Array.from(values, (value) => value.toPrecision(7)).join(',')}`;
  });
  const csv = join(folder, 'recording.csv');
  const model = join(folder, 'model.tflite');
  await writeFile(csv, `node,segment,t_ms,label,${cardOf(SHAPE).channels.join(',')}\n${rows.join('\n')}\n`);
  await writeFile(model, MODEL);
  const table = await myrmexctl(['replay', csv, '--model', model, '--baselines', 'repeatLast']);
  assert.is(table.status, 0, table.stderr);
  for (const name of ['frozen', 'renormalised', 'local', 'mixture', 'repeatLast']) assert.match(table.stdout, name);
  const json = await myrmexctl(['replay', csv, '--model', model, '--experts', 'frozen,local', '--json']);
  const report = JSON.parse(json.stdout.trim().split('\n').at(-1)!) as ReplayReport;
  assert.equal(Object.keys(report.experts), ['frozen', 'local', 'mixture']);
  assert.is(report.windows, 80);
  const wrong = await myrmexctl(['replay', csv, '--model', model, '--experts', 'oracle']);
  assert.is(wrong.status === 0, false);
  assert.match(wrong.stderr, /choose among frozen, renormalised, local/);
  const damaged = join(folder, 'damaged.tflite');
  await writeFile(damaged, MODEL.subarray(0, 100));
  const refused = await myrmexctl(['replay', csv, '--model', damaged]);
  assert.is(refused.status, 1);
  assert.is(refused.stderr.trim().split('\n').length, 1, refused.stderr);
});

replays.run();
