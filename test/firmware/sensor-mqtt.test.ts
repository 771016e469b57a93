import { once } from 'node:events';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MqttPart } from '../../firmware/configuration/live-sensors.ts';
import { type Broker, startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { systemTime } from '../../firmware/io/sensors/live.ts';
import type { SourcePort } from '../../firmware/io/sensors/live-source.ts';
import { createMqttSource } from '../../firmware/io/sensors/mqtt.ts';
import { BlockClock } from '../../firmware/machines/block-clock.ts';
import { createCodec } from '../../protocols/codec.ts';

const source = suite<{ broker: Broker; sender: MqttPort; stop: AbortController; running: Promise<void> }>(
  'mqtt source',
);

source.before.each(async (context) => {
  context.broker = await startBroker({ port: 0 });
  context.sender = connectMqtt({ url: context.broker.url, clientId: 'plant' });
  await context.sender.ready(5_000);
  context.stop = new AbortController();
  context.running = Promise.resolve();
});

source.after.each(async ({ broker, sender, stop, running }) => {
  stop.abort();
  await running;
  await sender.close();
  await broker.close();
});

interface Taken {
  readonly channel: number;
  readonly value: number;
  readonly atMs: number;
}

/** What a source says, and a way to wait for it. */
const listener = () => {
  const samples: Taken[] = [];
  const troubles: (string | null)[] = [];
  const heard = { refused: 0 };
  const waiters = new Set<() => void>();
  const said = (): void => {
    for (const look of waiters) look();
  };
  const port: SourcePort = {
    time: systemTime(),
    beganMs: 0,
    sample: (channel, value, atMs) => {
      samples.push({ channel, value, atMs });
      said();
    },
    row: () => {},
    reason: () => {},
    refused: () => {
      heard.refused++;
      said();
    },
    trouble: (text) => {
      troubles.push(text);
      said();
    },
  };
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  return { port, samples, troubles, heard, until };
};

const values = (samples: readonly Taken[], channel: number): number[] =>
  samples.filter((sample) => sample.channel === channel).map(({ value }) => value);

type Context = { broker: Broker; sender: MqttPort; stop: AbortController; running: Promise<void> };

/** Runs a source until the test ends; resolves when it is subscribed. */
const run = async (context: Context, channels: MqttPart['channels']) => {
  const ear = listener();
  const endpoint = { url: context.broker.url, prefix: 'not/for/sensors' };
  const made = createMqttSource({ kind: 'mqtt', channels }, { endpoint, clientId: 'sensor' });
  context.running = made.run(ear.port, context.stop.signal);
  await ear.until(() => ear.troubles.includes(null));
  const say = (topic: string, payload: string | Uint8Array, retain = false): void => {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    context.sender.publish({ topic, payload: bytes, qos: 1, retain });
  };
  return { ...ear, say, made };
};

source('numbers, JSON by path and CBOR arrays from any topics, the topic tree as it is', async (context) => {
  const { say, samples, until } = await run(context, {
    level: { topic: 'plant/+/level', read: 'number' },
    x: { topic: 'plc/#', read: { json: '/axes/0/g' } },
    y: { topic: 'plc/#', read: { json: '/axes/1/g' } },
    z: { topic: 'raw/z', read: { cbor: '/1' } },
  });
  say('plant/a/level', '21.5');
  say('plant/b/level', '22');
  say('plc/press/7', '{"axes":[{"g":1},{"g":-2.5}]}');
  say('raw/z', createCodec().encode(['mm', 7.25]));
  await until(() => samples.length === 5);
  assert.equal(
    [0, 1, 2, 3].map((channel) => values(samples, channel)),
    [[21.5, 22], [1], [-2.5], [7.25]],
  );
});

source('hostile payloads are refused and counted, and the next good one is taken', async (context) => {
  const { say, samples, heard, until } = await run(context, { x: { topic: 't', read: { json: '/v' } } });
  for (const payload of ['', 'no', '{"v":', '{"v":{}}', '{"v":[1,2]}', `{"v":${'['.repeat(20_000)}`]) say('t', payload);
  say('t', new Uint8Array(60_000).fill(0x81));
  say('t', '{"v":4}');
  await until(() => samples.length === 1);
  assert.equal(values(samples, 0), [4]);
  assert.is(heard.refused, 7);
});

source('blocks of rows are taken apart, each sample with its time', async (context) => {
  const column = (at: number) => ({ topic: 'vib', read: { cbor: '' }, column: { at, of: 2 }, sampleHz: 1_000 });
  const { say, samples, until, made } = await run(context, { x: column(0), y: column(1) });
  assert.is(made.delayMs, 250);
  const block = Float32Array.from({ length: 200 }, (_, n) => n);
  const bytes = new Uint8Array([0xd8, 0x55, 0x59, 0x03, 0x20, ...new Uint8Array(block.buffer)]);
  say('vib', bytes);
  await until(() => samples.length === 200);
  assert.equal(
    values(samples, 0),
    [...block].filter((_, n) => n % 2 === 0),
  );
  assert.equal(
    values(samples, 1),
    [...block].filter((_, n) => n % 2 === 1),
  );
  const times = samples.filter(({ channel }) => channel === 0).map(({ atMs }) => atMs);
  assert.ok(times.every((time, n) => n === 0 || Math.abs(time - times[n - 1]! - 1) < 1e-6));
});

source('a retained message is as old as the broker: passed over unless asked for', async (context) => {
  context.sender.publish({ topic: 'old', payload: new TextEncoder().encode('1'), qos: 1, retain: true });
  const { say, samples, until } = await run(context, {
    fresh: { topic: 'old', read: 'number' },
    any: { topic: 'old', read: 'number', retained: true },
  });
  say('old', '2', true);
  await until(() => values(samples, 0).length === 1);
  assert.equal(values(samples, 0), [2]);
  assert.equal(values(samples, 1), [1, 2]);
});

source('the broker goes: said; it comes back: heard again, and well', async (context) => {
  const { samples, troubles, until } = await run(context, { x: { topic: 't', read: 'number' } });
  const { port } = context.broker;
  await context.broker.close();
  await until(() => typeof troubles.at(-1) === 'string');
  context.broker = await startBroker({ port });
  await until(() => troubles.at(-1) === null);
  const sender = connectMqtt({ url: context.broker.url, clientId: 'again' });
  await sender.ready(5_000);
  // Subscriptions are renewed right after the connection; what is retained cannot come before them.
  sender.publish({ topic: 't', payload: new TextEncoder().encode('5'), qos: 1, retain: false });
  await until(() => samples.length > 0);
  assert.equal(values(samples, 0), [5]);
  await sender.close();
});

source('a topic that the broker keeps to itself is named, and asked for again', async () => {
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, subscription.topic === 'open' ? subscription : null),
  });
  const server = createServer(aedes.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `mqtt://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const channels = { a: { topic: 'open', read: 'number' as const }, b: { topic: 'closed', read: 'number' as const } };
  const made = createMqttSource({ kind: 'mqtt', channels }, { endpoint: { url }, clientId: 'sensor' });
  try {
    await made.run(listener().port, new AbortController().signal);
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /the broker refuses to let this gateway read "closed": allow it/);
  }
  await new Promise<void>((resolve) => aedes.close(() => server.close(() => resolve())));
});

source('forty topics are forty subscriptions', async (context) => {
  const names = Array.from({ length: 40 }, (_, n) => `c${n}`);
  const channels = Object.fromEntries(names.map((name) => [name, { topic: `t/${name}`, read: 'number' as const }]));
  const { say, samples, until } = await run(context, channels);
  for (const [n, name] of names.entries()) say(`t/${name}`, String(n));
  await until(() => samples.length === 40);
  assert.equal(
    samples.map(({ channel }) => channel).sort((a, b) => a - b),
    names.map((_, n) => n),
  );
});

const blocks = suite('block clock');

blocks("jitter of arrival is smoothed, the sensor's own rate followed", () => {
  const clock = new BlockClock(10);
  let state = 1;
  const jitter = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 20;
  };
  // The sensor's clock is 0.1 % slow: 10 samples take 100.1 ms.
  let last = clock.end(10, 100.1);
  for (let n = 2; n < 2_000; n++) {
    const now = n * 100.1 + jitter();
    const end = clock.end(10, now);
    if (n > 100) assert.ok(Math.abs(end - last - 100.1) < 2, `step of ${end - last} ms`);
    if (n > 100) assert.ok(Math.abs(end - n * 100.1 - 10) < 12, `${end - n * 100.1} ms off`);
    last = end;
  }
});

blocks('after lost blocks it begins anew', () => {
  const clock = new BlockClock(10);
  clock.end(10, 100);
  assert.is(clock.end(10, 5_000), 5_000);
  assert.is(clock.end(10, 5_100), 5_100);
});

source.run();
blocks.run();
