import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBroker } from '../../firmware/io/broker.ts';
import type { BrokerLimits } from '../../firmware/machines/broker-limits.ts';
import { LIMITS, listen } from '../support/broker-store.ts';

const sessions = suite<{ directory: string }>('broker: sessions');
sessions.before.each(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'myrmex-test-'));
});
sessions.after.each(({ directory }) => rm(directory, { recursive: true }));

const open = async (directory: string, limits: Partial<BrokerLimits> = {}) => {
  const { texts, vitals } = listen();
  const notice = (text: string) => texts.push(text);
  const broker = await startBroker({ directory, port: 0, limits: { ...LIMITS, ...limits }, report: vitals, notice });
  return { ...broker, vitals };
};

/** A client that collects what it hears. */
const connected = async (url: string, clientId: string, options: IClientOptions = {}) => {
  const client = connect(url, { clientId, clean: false, reconnectPeriod: 0, resubscribe: false, ...options });
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  client.on('error', () => {});
  client.on('message', (_topic, payload) => {
    heard.push(String(payload));
    for (const check of waiting) check();
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('close', () => reject(new Error('refused')));
  });
  /** Resolves when so many messages were heard. */
  const hears = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (heard.length >= count) resolve();
      };
      waiting.add(check);
      check();
    });
  return { client, heard, hears };
};

const gone = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    client.once('close', () => resolve());
    client.end();
  });

sessions(
  'a new session hears at once, and an old one hears what it missed, in order, before what is new',
  async ({ directory }) => {
    let broker = await open(directory);
    const first = await connected(broker.url, 'reader');
    await first.client.subscribeAsync('t/+', { qos: 1 });
    const writer = await connected(broker.url, 'writer', { clean: true });
    await writer.client.publishAsync('t/a', 'live', { qos: 1 });
    await first.hears(1);
    await gone(first.client);
    const missed = Array.from({ length: 300 }, (_, index) => `missed ${index}`);
    await Promise.all(missed.map((text) => writer.client.publishAsync('t/a', text, { qos: 1 })));
    await gone(writer.client);
    await broker.close();

    broker = await open(directory);
    const again = await connected(broker.url, 'writer', { clean: true });
    const publishing = Array.from({ length: 50 }, (_, index) =>
      again.client.publishAsync('t/a', `new ${index}`, { qos: 1 }),
    );
    const second = await connected(broker.url, 'reader');
    await Promise.all(publishing);
    await second.hears(350);
    assert.equal(second.heard, [...missed, ...Array.from({ length: 50 }, (_, index) => `new ${index}`)]);
    await gone(second.client);
    await gone(again.client);
    await broker.close();
  },
);

sessions(
  'what matches two filters of a session comes once, with the QoS of its subscription',
  async ({ directory }) => {
    const broker = await open(directory);
    const reader = await connected(broker.url, 'reader');
    const qos: number[] = [];
    reader.client.on('message', (_topic, _payload, packet) => qos.push(packet.qos));
    await reader.client.subscribeAsync({ 'a/#': { qos: 1 }, 'a/b': { qos: 1 } });
    await gone(reader.client);
    const writer = await connected(broker.url, 'writer', { clean: true });
    for (const text of ['one', 'two']) await writer.client.publishAsync('a/b', text, { qos: 2 });
    const back = await connected(broker.url, 'reader');
    back.client.on('message', (_topic, _payload, packet) => qos.push(packet.qos));
    await back.hears(2);
    await writer.client.publishAsync('a/b', 'three', { qos: 2 });
    await back.hears(3);
    assert.equal(back.heard, ['one', 'two', 'three']);
    assert.is(qos.at(-1), 1);
    for (const { client } of [back, writer]) await gone(client);
    await broker.close();
  },
);

sessions('a queue keeps its newest messages up to the bound, and counts what it gives up', async ({ directory }) => {
  const broker = await open(directory, { queueMessages: 10 });
  const reader = await connected(broker.url, 'reader');
  await reader.client.subscribeAsync('t', { qos: 1 });
  await gone(reader.client);
  const writer = await connected(broker.url, 'writer', { clean: true });
  for (let index = 0; index < 25; index++) await writer.client.publishAsync('t', String(index), { qos: 1 });
  const back = await connected(broker.url, 'reader');
  await back.hears(10);
  assert.equal(
    back.heard,
    Array.from({ length: 10 }, (_, index) => String(index + 15)),
  );
  assert.is(broker.vitals.counters.brokerQueueDropped, 15);
  for (const { client } of [back, writer]) await gone(client);
  await broker.close();
});

sessions(
  'the session unused for longest gives way to a new one; with all connected a new one is refused',
  async ({ directory }) => {
    const broker = await open(directory, { sessions: 2 });
    for (const name of ['oldest', 'older']) {
      const { client } = await connected(broker.url, name);
      await client.subscribeAsync('t', { qos: 1 });
      await gone(client);
    }
    const [third, fourth] = [await connected(broker.url, 'third'), await connected(broker.url, 'fourth')];
    for (const { client } of [third, fourth]) await client.subscribeAsync('t', { qos: 1 });
    assert.is(broker.vitals.counters.brokerSessionsEvicted, 2);
    const refused = await connected(broker.url, 'fifth').then(
      () => false,
      () => true,
    );
    assert.ok(refused);
    assert.is(broker.vitals.counters.brokerConnectionsRefused, 1);
    for (const { client } of [third, fourth]) await gone(client);
    await broker.close();
  },
);

sessions('retained messages have a bound, and outlive the broker', async ({ directory }) => {
  const first = await open(directory, { retainedMessages: 2 });
  const { client } = await connected(first.url, 'writer', { clean: true });
  for (const topic of ['r/1', 'r/2', 'r/3']) await client.publishAsync(topic, topic, { qos: 1, retain: true });
  assert.is(first.vitals.counters.brokerRetainedRefused, 1);
  await client.publishAsync('r/1', '', { qos: 1, retain: true });
  await client.publishAsync('r/4', 'r/4', { qos: 0, retain: true });
  await gone(client);
  await first.close();
  const second = await open(directory);
  const reader = await connected(second.url, 'reader', { clean: true });
  await reader.client.subscribeAsync('#', { qos: 0 });
  await reader.hears(2);
  assert.equal([...reader.heard].sort(), ['r/2', 'r/4']);
  await gone(reader.client);
  await second.close();
});

sessions.run();
