import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NodeEnd } from '../../firmware/running-node.ts';
import { root } from '../house/tree.ts';
import { dataTest, recordingFile } from '../support/data.ts';
import { demoModelPath, machineRecording, temporaryFolder } from '../support/machine-recording.ts';
import { lastObject, myrmex, myrmexctl } from './programs.ts';

const run = suite('run, as a process');

run('the demonstration decides, learns and ends by itself with one object as its last line', async () => {
  const program = myrmex('run', '--duration', '6s', '--port', '0', '--json');
  assert.is(await program.ended, 0, program.stderr());
  const end = lastObject<NodeEnd>(program);
  assert.ok(end.windows > 20, `${end.windows} windows`);
  assert.is(end.published, end.windows);
  assert.is(end.dropped, 0);
  assert.ok(end.labels > 0, 'the labeller was heard');
  assert.ok(end.experts.frozen!.accuracy! >= 0.9, 'the frozen model is right before the drift');
  assert.ok(end.latencyUs.p50 > 0 && end.latencyUs.p50 <= end.latencyUs.p99);
  assert.match(program.stderr(), /ends with this run \(--state DIR keeps it\)/);
});

/** Says at the end how large the main thread's young generation is: both halves of it, as V8 has them committed. */
const YOUNG = `import { isMainThread } from 'node:worker_threads';
  import { getHeapSpaceStatistics } from 'node:v8';
  const young = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
  if (isMainThread) process.on('exit', () => console.error('young generation:', young()));`;

const MAJOR = Number(process.versions.node.split('.')[0]);

run('the start of the worker does not let the young generation grow', () => {
  const hook = `data:text/javascript,${encodeURIComponent(YOUNG)}`;
  const args = ['run', '--duration', '2s', '--port', '0', '--json'];
  const node = [process.execPath, ['--import', hook, join(root, 'dist', 'myrmex.js'), ...args]] as const;
  const { status, stderr } = spawnSync(...node, { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  const bytes = Number(stderr.match(/young generation: (\d+)/)?.[1]);
  // What it is given at first. Let alone, V8 doubles it up to four times while the rest of the node is loaded.
  assert.ok(bytes <= (MAJOR < 22 ? 2 : 4) << 20, `${bytes} bytes`);
});

run('run and replay make the same decisions on one recording', async () => {
  const drift = { beginMs: 2_000, endMs: 4_000 };
  const recording = await machineRecording({
    ...{ seed: 5, seconds: 8, drift },
    // A dead stretch, single gaps and a stretch without a label are part of the stream.
    spoil: (cells, row) => {
      if (row % 997 === 0) cells[4] = '';
      if (row >= 20_000 && row < 20_400) cells[5] = 'NaN';
      if (row >= 30_000 && row < 31_000) cells[3] = '';
    },
  });
  const flags = [recording, '--model', demoModelPath, '--label-rate', '0.2', '--seed', '3', '--json'];
  const replayed = myrmexctl('replay', ...flags);
  assert.is(await replayed.ended, 0, replayed.stderr());
  const ran = myrmex('run', '--port', '0', '--recording', ...flags);
  assert.is(await ran.ended, 0, ran.stderr());
  const [end, report] = [lastObject<NodeEnd>(ran), lastObject<Report>(replayed)];
  assert.is(end.decisionFingerprint, report.decisionFingerprint);
  assert.is(end.windows, report.windows);
  assert.is(end.labels, report.labels);
  assert.ok(end.labels > 10, `${end.labels} labels`);
  assert.ok(end.invalid > 0, 'the dead stretch was noticed');
  assert.is(end.experts.mixture!.accuracy, report.experts.mixture!.accuracy);
  assert.is(end.node, 'gateway-1');
});

interface Report {
  readonly windows: number;
  readonly labels: number;
  readonly decisionFingerprint: string;
  readonly experts: Readonly<Record<string, { accuracy: number }>>;
}

dataTest(run, 'run and replay make the same decisions on a gas sensor stream', 'gas_drift', async () => {
  const model = `${await temporaryFolder()}/gas.tflite`;
  const [training, stream] = [
    await recordingFile('gas_drift', ['--segments', '1']),
    await recordingFile('gas_drift', ['--segments', '2']),
  ];
  const shape = ['--window', '1', '--stride', '1', '--epochs', '5', '--out', model];
  const trained = myrmexctl('train', training, ...shape);
  assert.is(await trained.ended, 0, trained.stderr());
  const flags = [stream, '--model', model, '--label-rate', '0.05', '--json'];
  const [replayed, ran] = [
    myrmexctl('replay', ...flags, '--seed', '0'),
    myrmex('run', '--port', '0', '--recording', ...flags, '--seed', '0'),
  ];
  assert.is(await replayed.ended, 0, replayed.stderr());
  assert.is(await ran.ended, 0, ran.stderr());
  assert.is(lastObject<NodeEnd>(ran).decisionFingerprint, lastObject<Report>(replayed).decisionFingerprint);
});

run('a signal ends it in order, with the summary', async () => {
  const program = myrmex('run', '--port', '0', '--json');
  await program.said(/"kind":"status"/);
  program.process.kill('SIGTERM');
  assert.is(await program.ended, 0, program.stderr());
  assert.is(lastObject<{ kind: string }>(program).kind, 'summary');
});

run.run();
