import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AlarmDesk, openAlarmDesk } from '../../firmware/alarm-desk.ts';
import { openAlarmFile } from '../../firmware/io/alarm-file.ts';
import { startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import type { AlarmViews } from '../../firmware/machines/alarms.ts';
import type { NodeStatus } from '../../firmware/status.ts';
import type { SeenDecision } from '../../firmware/views/part.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { ALARM } from '../../protocols/messages/alarm.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const codec = createCodec();
const alarms = [
  { name: 'worn', on: 'class' as const, classes: ['worn'], latched: true },
  { name: 'health', on: 'health' as const },
];

const seen = (worn: number): SeenDecision => ({
  ...{ index: 0, endMs: 0, valid: true, label: 0, confidence: 1, drift: 0, latencyUs: 0, pushMs: 0, labelValue: 0 },
  asked: false,
  probabilities: Float32Array.of(1 - worn, worn),
  ...{ values: new Float32Array(0), expertValues: new Float32Array(0), thresholds: new Float64Array(0) },
  ...{ expertLabels: new Int16Array(0), expertConfidences: new Float32Array(0), weights: new Float32Array(0) },
});

type Mqtt = Pick<MqttPort, 'publish' | 'subscribe' | 'onConnect'>;

const desk = (mqtt: Mqtt, folder: string, told: string[], file = openAlarmFile(folder)) =>
  openAlarmDesk({
    ...{ site: 'plant', node: 'press', alarms, answers: { classes: ['normal', 'worn'], outputs: [] }, codec, mqtt },
    writer: createEnvelopeWriter(codec, 'plant/press', 3),
    clock: { monotonicMs: () => time.now, unixMs: () => 1_700_000_000_000 },
    file,
    vitals: createVitals((text) => told.push(text)),
    notice: (text) => told.push(text),
  });

const time = { now: 0 };

const json = (text: string): Uint8Array => new TextEncoder().encode(text);

const wire = suite('alarms on the wire');

wire(
  'retained in CBOR and JSON, acknowledged with mosquitto_pub’s means, and still there after a restart',
  async () => {
    const broker = await startBroker({ port: 0 });
    const folder = await temporaryFolder();
    const told: string[] = [];
    const node = connectMqtt({ url: broker.url, clientId: 'node' });
    await node.ready(5_000);
    const first = await desk(node, folder, told);
    first.decided!(seen(0.9), 0);
    first.decided!(seen(0.1), 1);
    await first.close!();
    assert.equal(told, ['alarm worn: raised', 'alarm worn: latched']);

    const second = await desk(node, folder, told);
    assert.is(second.views.worn!.state, 'latched');
    const late = connectMqtt({ url: broker.url, clientId: 'late' });
    await late.ready(5_000);
    const states: string[] = [];
    await new Promise<void>((resolve) => {
      void late.subscribe('mx/1/plant/press/alarm', (_topic, payload) => {
        const opened = openEnvelope(codec, ALARM, payload);
        states.push(opened.ok ? opened.value.body.alarms.worn!.state : opened.reason);
      });
      void late.subscribe('mx/1/plant/press/alarm/json', (_topic, payload) => {
        const { alarms: said, raised } = JSON.parse(new TextDecoder().decode(payload)) as {
          alarms: AlarmViews;
          raised: string[];
        };
        states.push(`${said.worn!.state} ${raised.join()}`);
        if (states.length === 2) {
          time.now += 1_000;
          acknowledge(second);
        }
        if (said.worn!.state === 'clear') resolve();
      });
    });
    assert.equal(states, ['latched', 'latched worn', 'clear', 'clear ']);
    assert.is(told.at(-1), 'alarm worn: clear');
    await second.close!();
    assert.is((await openAlarmFile(folder).load()).worn!.state, 'clear');
    await Promise.all([node.close(), late.close()]);
    await broker.close();
  },
);

const acknowledge = (at: AlarmDesk): void => {
  at.acknowledge(json('{"alarm":"worn","by":"someone"}'));
};

wire('what is no acknowledgement is counted; an alarm nobody has is nothing; health comes with the tick', async () => {
  const sent: string[] = [];
  const mqtt = { publish: () => sent.push('x') > 0, subscribe: async () => {}, onConnect: () => {} };
  const told: string[] = [];
  const of = await desk(mqtt, await temporaryFolder(), told);
  for (const text of ['', '{', '{"alarm":7}', '{"alarm":"worn","x":1}', '{"alarm":"nobody"}'])
    of.acknowledge(json(text));
  assert.equal([sent, told], [[], []]);
  of.tick!({ health: { storage: 'disk full' } } as unknown as NodeStatus, 0);
  of.tick!({ health: { storage: 'disk full' } } as unknown as NodeStatus, 1_000);
  of.tick!({ health: {} } as unknown as NodeStatus, 2_000);
  assert.equal(told, ['alarm health: raised', 'alarm health: clear']);
  await of.close!();
});

wire(
  'an alarm that flickers is said once a second, and its file written once a minute; the last word is kept',
  async () => {
    let said = 0;
    let files = 0;
    const mqtt = { publish: () => ++said > 0, subscribe: async () => {}, onConnect: () => {} };
    let kept: AlarmViews = {};
    const save = async (views: AlarmViews): Promise<void> => {
      files++;
      kept = views;
    };
    const of = await desk(mqtt, '/nowhere', [], { load: async () => ({}), save });
    for (time.now = 0; time.now < 180_000; time.now += 20) {
      of.decided!(seen(time.now % 40 === 0 ? 0.9 : 0.1), time.now);
      if (time.now % 1_000 === 0) {
        of.tick!({ health: {} } as unknown as NodeStatus, time.now);
        await new Promise(setImmediate);
      }
    }
    assert.ok(said <= 2 * 2 * 180 && said >= 300, `${said} messages`);
    assert.ok(files >= 2 && files <= 4, `${files} writes`);
    await of.close!();
    assert.equal(kept, of.views);
    time.now = 0;
  },
);

wire('a disk that refuses is said, tried again, and forgotten when it takes it', async () => {
  const mqtt = { publish: () => true, subscribe: async () => {}, onConnect: () => {} };
  const told: string[] = [];
  let full = true;
  const save = async (): Promise<void> => {
    if (full) throw new Error('disk full');
  };
  const of = await desk(mqtt, '/nowhere', told, { load: async () => ({}), save });
  of.decided!(seen(0.9), 0);
  const tick = async (now: number): Promise<void> => {
    of.tick!({ health: {} } as unknown as NodeStatus, now);
    await new Promise(setImmediate);
  };
  await tick(0);
  assert.is(told.at(-1), 'alarms would not outlive a restart: disk full');
  full = false;
  await tick(30_000);
  assert.is(told.length, 2, 'not before a minute');
  await tick(60_000);
  assert.is(told.at(-1), 'alarms is well again');
});

wire('a disk that hangs holds up the end by half a second, no more', async () => {
  const mqtt = { publish: () => true, subscribe: async () => {}, onConnect: () => {} };
  const of = await desk(mqtt, '/nowhere', [], { load: async () => ({}), save: () => new Promise(() => {}) });
  of.decided!(seen(0.9), 0);
  // The wait does not keep a process alive, and nothing else does here.
  const alive = setInterval(() => {}, 1_000);
  await of.close!();
  clearInterval(alive);
});

wire('a class that the model does not know is refused at start', async () => {
  const mqtt = { publish: () => true, subscribe: async () => {}, onConnect: () => {} };
  try {
    await openAlarmDesk({
      ...{ site: 'plant', node: 'press', alarms, answers: { classes: ['normal', 'torn'], outputs: [] }, codec, mqtt },
      writer: createEnvelopeWriter(codec, 'plant/press', 3),
      clock: { monotonicMs: () => 0, unixMs: () => 0 },
      file: openAlarmFile('/nowhere'),
      vitals: createVitals(() => {}),
      notice: () => {},
    });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /\/alarms\/0\/classes: the model has no "worn"; it knows normal, torn/);
  }
});

wire.run();
