import { existsSync, watch } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { readRecording } from '../../firmware/io/recording.ts';
import type { SampleSink } from '../../firmware/io/sensors/sensor.ts';
import { createSimulatedMachine, MACHINE_CHANNELS, MACHINE_LABELS } from '../../firmware/simulated-machine.ts';
import { type RecordOptions, record } from '../../tools/record/record.ts';
import { openRecordSource, type RecordSource } from '../../tools/record/record-source.ts';
import { createRecordingWriter } from '../../tools/record/recording-writer.ts';
import { lastObject, myrmexctl } from '../end-to-end/programs.ts';
import { machineRecording, temporaryFolder } from '../support/machine-recording.ts';

const recording = suite('record');
const folder = await temporaryFolder();
const path = (name: string): string => join(folder, name);

/** A source that gives exactly these rows. */
const sourceOf = (rows: readonly (readonly [number, number, ...number[]])[], timed = true): RecordSource => ({
  ...{ channels: ['a', 'b'], labels: [], segments: null, node: null, timed },
  sensor: {
    decided: () => {},
    run: async (sink: SampleSink) => {
      for (const [tMs, segment, ...values] of rows) sink.push(Float32Array.from(values), 0, tMs, segment, -1);
    },
  },
});

/** Of sources that need no broker. */
const ports = { endpoint: async () => ({ url: '' }), clientId: '', notice: () => {} };

const write = async (file: string, source: RecordSource, more: Partial<RecordOptions & { node: string }> = {}) => {
  const writer = await createRecordingWriter(file, { node: more.node ?? 'n', channels: source.channels });
  const { seconds = null, label = null, segment = null } = more;
  return record({ source, writer, seconds, label, segment, stop: new AbortController().signal });
};

recording('a silence is not recorded, and what comes after it is a segment of its own', async () => {
  const NO = Number.NaN;
  const rows = [
    [0, 0, 1, 2],
    [10, 0, NO, 3],
    [20, 0, NO, NO],
    [30, 0, NO, NO],
    [40, 0, 4, 5],
    [50, 1, 6, 7],
  ] as const;
  const report = await write(path('gap.csv'), sourceOf(rows), { label: 'it, "is"' });
  assert.equal(report, { rows: 4, missing: 1, segments: 3 });
  const text = await readFile(path('gap.csv'), 'utf8');
  const label = '"it, ""is"""';
  assert.is(
    text,
    `node,segment,t_ms,label,a,b\nn,1,0,${label},1,2\nn,1,10,${label},,3\nn,2,40,${label},4,5\nn,3,50,${label},6,7\n`,
  );
  assert.equal((await readRecording(path('gap.csv'))).labels, ['it, "is"']);
});

recording('segments bear the name that was given, counted after a gap', async () => {
  const rows = [
    [0, 0, 1, 2],
    [10, 0, Number.NaN, Number.NaN],
    [20, 0, 3, 4],
    [30, 1, 5, 6],
  ] as const;
  await write(path('named.csv'), sourceOf(rows), { segment: 'monday' });
  assert.equal((await readRecording(path('named.csv'))).nodes[0]!.segments, ['monday', 'monday-2', 'monday-3']);
});

recording('it ends after the seconds asked for, to the row', async () => {
  const rows = Array.from({ length: 300 }, (_, n) => [n * 10, 0, n, n] as const);
  assert.is((await write(path('short.csv'), sourceOf(rows), { seconds: 2 })).rows, 200);
});

recording('values are written as people would', async () => {
  const rows = [
    [0, 0, Math.fround(0.1), 21.5],
    [0.15625, 0, 1e-7, 16_777_216],
  ] as const;
  await write(path('short-digits.csv'), sourceOf(rows));
  const [, ...lines] = (await readFile(path('short-digits.csv'), 'utf8')).trimEnd().split('\n');
  assert.equal(lines, ['n,1,0,,0.1,21.5', 'n,1,0.15625,,1e-7,16777216']);
});

recording('every float32 comes back as it was', async () => {
  const words = new Uint32Array(20_000);
  let state = 9;
  for (let n = 0; n < words.length; n++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[n] = state;
  }
  const values = new Float32Array(words.buffer);
  const rows = Array.from({ length: 10_000 }, (_, n) => [n, 0, values[2 * n]!, values[2 * n + 1]!] as const);
  await write(path('bits.csv.gz'), sourceOf(rows, false));
  const [node] = (await readRecording(path('bits.csv.gz'))).nodes;
  for (let n = 0; n < values.length; n++) {
    const expected = Number.isFinite(values[n]!) ? values[n]! : Number.NaN;
    assert.ok(Object.is(node!.values[n]! + 0, expected + 0), `${node!.values[n]} is not ${expected}`);
  }
});

recording('a recording is never written over', async () => {
  await writeFile(path('there.csv'), 'precious');
  try {
    await createRecordingWriter(path('there.csv'), { node: 'n', channels: ['a'] });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /there\.csv exists already; name another file/);
  }
  assert.is(await readFile(path('there.csv'), 'utf8'), 'precious');
});

recording('the simulated machine: what is replayed is what was sampled', async () => {
  const out = path('machine.csv.gz');
  const source = await openRecordSource({ kind: 'simulated', seed: 4, drift: null }, ports);
  assert.equal(await write(out, source, { seconds: 0.25 }), { rows: 1_600, missing: 0, segments: 1 });
  const { channels, labels, nodes } = await readRecording(out);
  assert.equal(channels, [...MACHINE_CHANNELS]);
  const machine = createSimulatedMachine({ seed: 4, drift: null });
  const expected = new Float32Array(2);
  for (let row = 0; row < 1_600; row++) {
    assert.is(labels[nodes[0]!.label[row]!], MACHINE_LABELS[machine.next(expected, 0)]);
    assert.equal(nodes[0]!.values.subarray(2 * row, 2 * row + 2), expected);
    assert.is(nodes[0]!.tMs[row], row / 6.4);
  }
});

recording('a recording of a recording is the same, gaps and all', async () => {
  const original = await machineRecording({
    ...{ seed: 8, seconds: 1 },
    spoil: (cells, row) => {
      if (row % 7 === 0) cells[3] = '';
      if (row % 11 === 0) cells[4] = '';
      if (row > 3_000) cells[1] = 'later';
      if (row > 4_000 && row < 4_100) cells[4] = cells[5] = 'NaN';
    },
  });
  const sensor = { kind: 'recording' as const, path: original, speed: 1, labelRate: 0 };
  await write(path('copy.csv'), await openRecordSource(sensor, ports), { node: 'press-7' });
  const plain = async (file: string): Promise<unknown> => {
    const { nodes, ...rest } = await readRecording(file);
    // Typed arrays compare NaN as different from itself.
    return { ...rest, nodes: nodes.map((node) => ({ ...node, values: [...node.values] })) };
  };
  assert.equal(await plain(path('copy.csv')), await plain(original));
});

recording('topics of a broker, until Ctrl-C', async () => {
  const broker = await startBroker({ port: 0 });
  const sender = connectMqtt({ url: broker.url, clientId: 'plant' });
  await sender.ready(5_000);
  const channels = { level: { topic: 'tank/level', read: 'number', retained: true, resample: 'hold' } };
  sender.publish({ topic: 'tank/level', payload: new TextEncoder().encode('4.25'), qos: 1, retain: true });
  const sensor = JSON.stringify({ kind: 'mqtt', rateHz: 100, channels });
  const out = path('tank.csv');
  const program = myrmexctl('record', '--sensor', sensor, '--broker', broker.url, '--out', out, '--json');
  await grown(out, 200);
  program.process.kill('SIGINT');
  assert.is(await program.ended, 0, program.stderr());
  const { nodes } = await readRecording(out);
  assert.equal(lastObject(program), { out, node: 'desk', rows: nodes[0]!.rows, missing: 0, segments: 1 });
  assert.ok(nodes[0]!.rows > 10 && nodes[0]!.values.every((value) => value === 4.25));
  await sender.close();
  await broker.close();
});

/** Resolves when a file has so many bytes. */
const grown = async (file: string, bytes: number): Promise<void> => {
  await new Promise<void>((resolve) => {
    const watcher = watch(folder, () => {
      if (!existsSync(file)) return;
      void stat(file).then(({ size }) => {
        if (size < bytes) return;
        watcher.close();
        resolve();
      });
    });
  });
};

recording('kill -9 leaves a recording, gzipped or not', async () => {
  const killed = async (name: string): Promise<void> => {
    const program = myrmexctl('record', '--sensor', 'simulated', '--out', path(name));
    await grown(path(name), 30_000);
    program.process.kill('SIGKILL');
    await program.ended;
    const { nodes } = await readRecording(path(name));
    assert.ok(nodes[0]!.rows > 1_000, `${nodes[0]!.rows} rows`);
  };
  await Promise.all([killed('killed.csv'), killed('killed.csv.gz')]);
});

recording('a sensor that needs to be told more is told so, in one line', async () => {
  const program = myrmexctl('record', '--sensor', 'mqtt', '--out', path('never.csv'));
  assert.is(await program.ended, 2);
  assert.match(program.stderr(), /^myrmexctl: --sensor mqtt needs to be told more: .*--config\n$/);
  assert.not.ok(existsSync(path('never.csv')));
});

recording.run();
