import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Broker, startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import type { DecisionRecord } from '../../firmware/machines/publisher.ts';
import { createRateLimit } from '../../firmware/machines/rate-limit.ts';
import type { NodeStatus } from '../../firmware/status.ts';
import { startAnnouncer } from '../../firmware/views/announcer.ts';
import { discoveryOf } from '../../firmware/views/home-assistant.ts';
import { createMirror } from '../../firmware/views/mirror.ts';
import { openViewsWire } from '../../firmware/views/wire.ts';
import { NO_DRIFT } from '../../kernels/learning/drift-episodes.ts';
import { cardOf } from '../support/classifier.ts';
import { schemaFaults } from '../support/json-schema.ts';

const speaker = { site: 'plant', node: 'press' };
const topic = (kind: string): string => `mx/1/plant/press/${kind}`;

/** Everything a broker has said to one client, and a way to wait for more of it. */
interface Ear {
  readonly port: MqttPort;
  readonly heard: { topic: string; text: string }[];
  until(found: (heard: Ear['heard']) => boolean): Promise<void>;
}

const listen = async (url: string, ...filters: string[]): Promise<Ear> => {
  const port = connectMqtt({ url, clientId: `ear-${filters.join()}` });
  await port.ready(5_000);
  const heard: Ear['heard'] = [];
  const waiting = new Set<() => void>();
  for (const filter of filters) {
    await port.subscribe(filter, (name, payload) => {
      heard.push({ topic: name, text: new TextDecoder().decode(payload) });
      for (const look of waiting) look();
    });
  }
  const until = (found: (heard: Ear['heard']) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!found(heard)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { port, heard, until };
};

const card = { ...cardOf({ channels: 1, hidden: [], classes: 2, seed: 0 }), labels: ['normal', 'worn'] };
const record: DecisionRecord = {
  ...{ index: 17, endMs: 340, valid: true, label: 1, confidence: 0.9, drift: 0.25, latencyUs: 85 },
  ...{ labelValue: 0.5, asked: false },
  probabilities: Float32Array.of(0.1, 0.9),
  values: new Float32Array(0),
  expertValues: new Float32Array(0),
  thresholds: new Float64Array(0),
  expertLabels: Int16Array.of(1),
  expertConfidences: Float32Array.of(0.9),
  weights: Float32Array.of(1),
};

const status = (change: Partial<NodeStatus> = {}): NodeStatus => ({
  ...{ node: 'press', uptimeMs: 1_000, windows: 18, invalid: 0, dropped: 0, scored: 0, published: 18, unpublished: 0 },
  ...{ firstDecisionMs: 200, decision: 'worn', confidence: 0.9, drift: 0.25, latencyUs: { p50: 85, p99: 200 } },
  episode: NO_DRIFT,
  ...{ rssBytes: 1e8, labels: 2, rejected: {}, workerRestarts: 0, counters: {}, health: {} },
  experts: { mixture: { accuracy: 0.75, secondHalf: null, weight: 1 } },
  ...change,
});

const wire = suite<{ broker: Broker }>('views on the wire');
wire.before.each(async (context) => {
  context.broker = await startBroker({ port: 0 });
});
wire.after.each(({ broker }) => broker.close());

wire('availability is retained plain text: online, offline at a goodbye, and as the will', async ({ broker }) => {
  const views = await openViewsWire(speaker, { url: broker.url });
  await views.mqtt.ready(5_000);
  const ear = await listen(broker.url, topic('availability'));
  await ear.until((heard) => heard.at(-1)?.text === 'online');
  await views.close();
  await ear.until((heard) => heard.at(-1)?.text === 'offline');
  const late = await listen(broker.url, 'mx/1/+/+/availability');
  await late.until((heard) => heard.length === 1 && heard[0]!.text === 'offline');
  await Promise.all([ear.port.close(), late.port.close()]);
});

const clock = { monotonicMs: () => 0, unixMs: () => Date.parse('2026-11-23T12:00:00Z') };
const about = { version: '1.2.3', board: 'pc', model: 'press.tflite' };

const mirrorOn = (mqtt: Pick<MqttPort, 'publish'>, decisionsPerSecond: number) =>
  createMirror({
    ...{ speaker, about, epoch: 3, card, experts: ['frozen'], decisionsPerSecond, mqtt, clock },
    alarms: () => ({ worn: { state: 'raised', acknowledged: false, since: 0 } }),
  });

wire('decisions and state are JSON that needs none of our code', async ({ broker }) => {
  const views = await openViewsWire(speaker, { url: broker.url });
  await views.mqtt.ready(5_000);
  const ear = await listen(broker.url, topic('decision/json'));
  const mirror = mirrorOn(views.mqtt, 50);
  mirror.decided(record, 0);
  mirror.tick(status(), 0);
  await ear.until((heard) => heard.length === 1);
  assert.equal(schemaFaults('decision', JSON.parse(ear.heard[0]!.text)), null);
  assert.equal(JSON.parse(ear.heard[0]!.text), {
    ...{ site: 'plant', node: 'press', time: '2026-11-23T12:00:00.000Z', window: '3-17', endMs: 340, label: 'worn' },
    ...{ confidence: 0.9, drift: 0.25, latencyUs: 85, probabilities: { normal: 0.1, worn: 0.9 } },
    experts: { frozen: { label: 'worn', confidence: 0.9, weight: 1 } },
  });
  const late = await listen(broker.url, topic('state/json'));
  await late.until((heard) => heard.length === 1);
  const state = JSON.parse(late.heard[0]!.text) as Record<string, unknown>;
  assert.equal(schemaFaults('state', state), null);
  assert.equal(
    [state.decision, state.confidence, state.window, state.health, state.accuracy, state.version],
    ['worn', 0.9, '3-17', 'ok', 0.75, '1.2.3'],
  );
  await Promise.all([views.close(), ear.port.close(), late.port.close()]);
});

wire('a rate below one is one in its period', () => {
  const limit = createRateLimit(0.2);
  const taken = [0, 1, 4_999, 5_000, 9_999, 10_000].filter((now) => limit.allows(now));
  assert.equal(taken, [0, 5_000, 10_000]);
});

wire('decisions are limited per second; the state is said when its words change, else every 5 s', () => {
  const said: string[] = [];
  const mirror = mirrorOn({ publish: (message) => said.push(message.topic.split('/').at(-2)!) > 0 }, 2);
  for (const now of [0, 10, 20, 1_000, 1_001, 1_002]) mirror.decided(record, now);
  assert.is(said.splice(0).length, 4);
  mirror.tick(status(), 0);
  mirror.tick(status({ confidence: 0.5 }), 1_000);
  mirror.tick(status({ decision: 'normal' }), 2_000);
  mirror.tick(status({ decision: 'normal', health: { storage: 'disk full' } }), 3_000);
  assert.is(said.length, 3);
  mirror.tick(status({ decision: 'normal', health: { storage: 'disk full' } }), 8_000);
  assert.equal(said, ['state', 'state', 'state', 'state']);
  let taken = 0;
  const away = mirrorOn({ publish: () => ++taken > 2 }, 0);
  for (const now of [0, 1, 2, 3]) away.tick(status(), now);
  assert.is(taken, 3, 'said again until the broker takes it');
});

const facts = {
  ...{ ...speaker, ...about, classes: ['normal', 'worn'] },
  ...{ stateTopic: topic('state/json'), availabilityTopic: topic('availability') },
  ...{
    acknowledgeTopic: topic('alarm/acknowledge'),
    askTopic: topic('ask/json'),
    alarms: [],
    outputs: [],
    scores: false,
  },
};

const announcerOn = (mqtt: MqttPort, enabled: boolean, clockMs: { now: number }) =>
  startAnnouncer({
    ...{ mqtt, discoveryPrefix: 'homeassistant', discovery: discoveryOf('homeassistant', facts), enabled, share: 0.5 },
    monotonicMs: () => clockMs.now,
  });

wire('Home Assistant: announced retained, again after its birth, and taken away when disabled', async ({ broker }) => {
  const node = connectMqtt({ url: broker.url, clientId: 'node', prefix: 'factory' });
  await node.ready(5_000);
  const time = { now: 0 };
  const announcer = announcerOn(node, true, time);
  const count = discoveryOf('homeassistant', facts).messages.length;
  const home = await listen(broker.url, 'homeassistant/+/+/+/config');
  await home.until((heard) => heard.length >= count && heard.every(({ text }) => text !== ''));
  const first = home.heard.length;
  // The node hears the birth some time after it was published: ask until it has.
  const birth = { topic: 'homeassistant/status', payload: new TextEncoder().encode('online'), qos: 1, retain: false };
  const echo = await listen(broker.url, 'homeassistant/status');
  home.port.publish({ ...birth, qos: 1 });
  await echo.until((heard) => heard.length === 1);
  time.now = 2_499;
  announcer.tick(time.now);
  assert.is(home.heard.length, first, 'not before its share of the spread');
  for (time.now = 2_500; home.heard.length < first + count; time.now++) {
    announcer.tick(time.now);
    await new Promise(setImmediate);
  }
  await node.close();

  const after = connectMqtt({ url: broker.url, clientId: 'node', prefix: 'factory' });
  await after.ready(5_000);
  announcerOn(after, false, time);
  await home.until((heard) => heard.filter(({ text }) => text === '').length === count);
  const late = await listen(broker.url, 'homeassistant/#');
  // QoS 1 in order: once its own message is back, whatever was retained would have come before.
  const probe = new TextEncoder().encode('x');
  late.port.publish({ topic: 'homeassistant/probe', payload: probe, qos: 1, retain: false });
  await late.until((heard) => heard.length > 0);
  assert.equal(late.heard, [{ topic: 'homeassistant/probe', text: 'x' }]);
  await Promise.all([after.close(), home.port.close(), echo.port.close(), late.port.close()]);
});

wire('an entity that is not announced any more goes, those of other gateways stay', async ({ broker }) => {
  const others = await listen(broker.url, 'homeassistant/+/+/+/config');
  const [own] = discoveryOf('homeassistant', facts).messages;
  const left = own!.topic.replace('/decision/', '/alarm-of-yesterday/');
  const foreign = own!.topic.replace('plant', 'mill');
  for (const name of [left, foreign]) {
    others.port.publish({ topic: name, payload: new TextEncoder().encode('{}'), qos: 1, retain: true });
  }
  await others.until((heard) => heard.length === 2);
  const node = connectMqtt({ url: broker.url, clientId: 'node' });
  await node.ready(5_000);
  announcerOn(node, true, { now: 0 });
  await others.until((heard) => heard.some(({ text }) => text === ''));
  assert.equal(
    others.heard.filter(({ text }) => text === '').map(({ topic: name }) => name),
    [left],
  );
  await Promise.all([node.close(), others.port.close()]);
});

wire.run();
