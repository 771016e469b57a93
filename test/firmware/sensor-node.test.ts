import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfiguration } from '../../firmware/configuration.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { startNode } from '../../firmware/node.ts';
import type { NodeEnd } from '../../firmware/running-node.ts';
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { DECISION, type DecisionBody } from '../../protocols/messages/decision.ts';
import { topicName } from '../../protocols/topics.ts';
import { cardOf, randomClassifierFile } from '../support/classifier.ts';
import { createFakeHost } from '../support/fake-host.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const nodes = suite('a node on live sensors');
const codec = createCodec();

/** A model of any four features: two channels, two rows. */
const modelOf = (channels: readonly string[], sampleIntervalMs: number): Uint8Array => {
  const shape = { channels: channels.length * 2, hidden: [8], classes: 3, seed: 7 };
  return randomClassifierFile(shape, {
    ...cardOf(shape),
    channels: [...channels],
    window: 2,
    stride: 2,
    sampleIntervalMs,
  });
};

/** Starts a node on a sensor; `until` waits for a decision that passes. */
const start = async (sensor: object, channels: readonly string[], sampleIntervalMs: number) => {
  const configuration = checkConfiguration(
    {
      ...{ site: 'plant', node: 'gateway', board: 'pc', broker: { embedded: true, port: 0 }, sensor },
      ...{ experts: ['frozen', 'renormalised'], seed: 0 },
    },
    'test',
  );
  const told: string[] = [];
  const node = await startNode({
    ...{ configuration, state: await temporaryFolder(), version: '0', notice: (text: string) => told.push(text) },
    model: { bytes: modelOf(channels, sampleIntervalMs), name: 'm.tflite' },
  });
  const mqtt = connectMqtt({ url: node.url, clientId: 'watcher' });
  await mqtt.ready(5_000);
  const decisions: DecisionBody[] = [];
  let look = (): void => {};
  await mqtt.subscribe(topicName('plant', 'gateway', 'decision'), (_topic, payload) => {
    const opened = openEnvelope(codec, DECISION, payload);
    assert.ok(opened.ok);
    decisions.push(opened.value.body);
    look();
  });
  const until = (passes: (decision: DecisionBody) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const from = decisions.length;
      look = () => {
        if (decisions.slice(from).some(passes)) resolve();
      };
    });
  const stop = async () => {
    await mqtt.close();
    return node.stop();
  };
  return { node, mqtt, decisions, until, told, stop };
};

const judged = ({ label }: DecisionBody): boolean => label !== null;

nodes('host: decides; unplugged, says why it does not judge; judges again by itself', async () => {
  const fake = await createFakeHost();
  const channels = { board: { read: 'temperature', gapMs: 1_000 }, load: { read: 'load1' } };
  const sensor = { kind: 'host', rateHz: 50, proc: fake.proc, sys: fake.sys, channels };
  const { node, until, told, stop } = await start(sensor, ['load', 'board'], 20);
  await until(judged);
  assert.equal(node.status().health, {});
  for (const zone of [0, 1]) await fake.remove(`sys/class/thermal/thermal_zone${zone}/temp`);
  await until((decision) => !judged(decision));
  await until(() => 'sensor.board' in node.status().health);
  assert.match(node.status().health['sensor.board']!, /board has no sample since .*no temperature below/);
  await fake.put('sys/class/thermal/thermal_zone0/temp', '30000\n');
  await until(judged);
  await until(() => !('sensor.board' in node.status().health));
  const end = await stop();
  assert.ok(end.counters.sensorGaps! >= 1, 'a busy machine may add one of its own');
  assert.ok(end.invalid > 0 && end.invalid < end.windows, `${end.invalid} of ${end.windows}`);
  assert.is(end.workerRestarts, 0);
  assert.ok(told.includes('sensor.board is well again'));
});

nodes("channels that are not the model's are refused with both lists, another rate is said", async () => {
  const sensor = { kind: 'host', rateHz: 20, channels: ['load1', 'cpu'] };
  try {
    await start(sensor, ['load1', 'speed'], 0);
    assert.unreachable();
  } catch (error) {
    const said = 'the sensor "host" has the channels load1, cpu; the model was made for load1, speed (missing: speed)';
    assert.ok(String(error).includes(said), String(error));
  }
  const { node, until, stop } = await start(sensor, ['cpu', 'load1'], 20);
  await until(() => true);
  assert.match(node.status().health['sensor.rate']!, /every 50 ms.*every 20 ms: set rateHz to 50/);
  await stop();
});

nodes(
  'several: this computer and a topic of the embedded broker in one window; the topic falls silent and comes back',
  async () => {
    const fake = await createFakeHost();
    const sensor = {
      ...{ kind: 'several', rateHz: 50 },
      sensors: [
        { kind: 'host', rateHz: 10, proc: fake.proc, sys: fake.sys, channels: ['load1'] },
        { kind: 'mqtt', channels: { pressure: { topic: 'plc/press', read: { json: '/bar' }, gapMs: 1_000 } } },
      ],
    };
    const { node, mqtt, until, stop } = await start(sensor, ['pressure', 'load1'], 20);
    // Each decision is a reason to send the next sample: nobody waits on a clock.
    let plugged = true;
    const drive = (passes: (decision: DecisionBody) => boolean): Promise<void> =>
      until((decision) => {
        const payload = new TextEncoder().encode(JSON.stringify({ bar: Math.random() }));
        if (plugged) mqtt.publish({ topic: 'plc/press', payload, qos: 0, retain: false });
        return passes(decision);
      });
    await drive(judged);
    plugged = false;
    await drive((decision) => !judged(decision) && 'sensor.pressure' in node.status().health);
    assert.match(
      node.status().health['sensor.pressure']!,
      /pressure has no sample since .*check cable, power and sender/,
    );
    plugged = true;
    await drive((decision) => judged(decision) && !('sensor.pressure' in node.status().health));
    await stop();
  },
);

nodes('standard input: a decision for every window of the lines, and the end is the end', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'm.tflite'), modelOf(['a', 'b'], 0));
  const sensor = { kind: 'stdin', channels: ['a', 'b'] };
  const about = {
    site: 's',
    node: 'n',
    board: 'pc',
    experts: ['frozen'],
    seed: 0,
    broker: { embedded: true, port: 0 },
  };
  const files = { model: join(folder, 'm.tflite'), state: join(folder, 'state') };
  await writeFile(join(folder, 'node.json'), JSON.stringify({ ...about, ...files, sensor }));
  const run = ['run', '--config', join(folder, 'node.json'), '--json'];
  const child = spawn(process.execPath, ['dist/myrmex.js', ...run], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stdin.end(Array.from({ length: 100 }, (_, row) => (row === 50 ? 'nonsense' : `${row},${-row}`)).join('\n'));
  const [code] = await once(child, 'close');
  assert.is(code, 0);
  const end = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as NodeEnd;
  assert.equal([end.windows, end.invalid, end.counters.sensorRefused], [49, 0, 1]);
});

nodes.run();
