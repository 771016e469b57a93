import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Rule, rulesFault } from '../../firmware/configuration/rules.ts';
import { startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import type { RangeRequest } from '../../firmware/machines/range-labels.ts';
import { createRule } from '../../firmware/machines/rule.ts';
import { openRuleDesk } from '../../firmware/rule-desk.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createCodec } from '../../protocols/codec.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const UNIX = Date.parse('2026-11-23T12:00:00Z');
const now = { monotonicMs: 100_000, unixMs: UNIX };

const rule = (change: Partial<Rule> = {}): Rule => ({
  ...{ name: 'gauge', topic: 'plc/press/wear', when: { above: 5 }, label: 'worn', window: { spanMs: 2_000 } },
  ...change,
});

const codec = createCodec();
const create = (of: Rule) => createRule(of, codec);

const rules = suite('rules');

rules('a later measurement labels the windows before it', () => {
  const result = create(rule()).received(bytes('5.5'), false, now);
  const request = { id: 'gauge', fromMs: 98_000, toMs: 100_000, label: 'worn', by: 'rule:gauge', awaited: false };
  assert.equal(result, { kind: 'label', request });
  const late = create(rule({ window: { spanMs: 2_000, delayMs: 30_000 } })).received(bytes('6'), false, now);
  assert.ok(late.kind === 'label' && late.request.fromMs === 68_000 && late.request.toMs === 70_000);
});

rules('the time may come with it, in either form; a year ahead it cannot be', () => {
  const timed = rule({ read: { json: '/value' }, window: { spanMs: 1_000, timestamp: '/at' } });
  for (const at of [UNIX - 10_000, '2026-11-23T11:59:50Z', `${UNIX - 10_000}`]) {
    const result = create(timed).received(bytes(JSON.stringify({ value: 9, at })), true, now);
    assert.ok(result.kind === 'label' && result.request.toMs === 90_000, JSON.stringify(at));
  }
  for (const at of [UNIX + 31_536_000_000, 'noon', true, null, undefined]) {
    const result = create(timed).received(bytes(JSON.stringify({ value: 9, at })), false, now);
    assert.is(result.kind, 'unreadable', JSON.stringify(at));
  }
});

rules('conditions: above, below, between, equal to a number, a text, a flag', () => {
  const fires = (when: Rule['when'], read: Rule['read'], text: string): boolean =>
    create(rule({ when, read: read! })).received(bytes(text), false, now).kind === 'label';
  const path = { json: '/v' };
  assert.equal([fires({ above: 5 }, 'number', '5'), fires({ above: 5 }, 'number', '5.1')], [false, true]);
  assert.equal([fires({ below: 5 }, 'number', '5'), fires({ below: 5 }, 'number', '-9')], [false, true]);
  assert.equal(
    ['1', '2', '3'].map((text) => fires({ above: 1, below: 3 }, 'number', text)),
    [false, true, false],
  );
  assert.equal([fires({ equals: 'NOK' }, 'text', 'NOK\n'), fires({ equals: 'NOK' }, 'text', 'OK')], [true, false]);
  assert.equal([fires({ equals: true }, path, '{"v":true}'), fires({ equals: true }, path, '{"v":1}')], [true, false]);
  assert.equal([fires({ equals: 2 }, path, '{"v":2}'), fires({ equals: 2 }, path, '{"v":"2"}')], [true, false]);
  assert.not.ok(fires({ above: 1 }, path, '{"v":"9"}'), 'a text is not above anything');
});

rules('a retained tag has no age and labels nothing; what cannot be read is said; too soon is too soon', () => {
  const machine = create(rule({ everyMs: 500 }));
  assert.is(machine.received(bytes('9'), true, now).kind, 'none');
  assert.is(machine.received(bytes('high'), false, now).kind, 'unreadable');
  assert.is(machine.received(bytes('9'), false, now).kind, 'label');
  assert.is(machine.received(bytes('9'), false, { ...now, monotonicMs: 100_499 }).kind, 'tooSoon');
  assert.is(machine.received(bytes('9'), false, { ...now, monotonicMs: 100_500 }).kind, 'label');
});

rules('what cannot be meant is refused with its path', () => {
  const wrong: [Rule[], RegExp][] = [
    [[rule(), rule()], /\/rules\/1\/name is taken/],
    [[rule({ topic: 'plc/#/x' })], /\/rules\/0\/topic is not a topic filter/],
    [[rule({ topic: 'plc/a+/x' })], /topic filter/],
    [[rule({ read: 'text' })], /when compares numbers/],
    [[rule({ read: { json: 'value' } })], /read is not a JSON Pointer/],
    [[rule({ window: { spanMs: 1, timestamp: '/at' } })], /window\/timestamp is a place in JSON or CBOR/],
    [[rule({ read: { cbor: '' }, window: { spanMs: 1, timestamp: 'at' } })], /timestamp is not a JSON Pointer/],
    [[rule({ when: { above: 3, below: 3 } })], /when\/below must be over above/],
  ];
  assert.is(rulesFault([rule({ topic: 'plc/+/x/#' })]), null);
  for (const [given, message] of wrong) {
    const fault = rulesFault(given);
    assert.match(`${fault?.path} ${fault?.why}`, message);
  }
});

rules(
  'over a real broker: rules of one topic share it, no prefix of ours is put before it, retained is told',
  async () => {
    const broker = await startBroker({ port: 0 });
    const [node, plc] = ['node', 'plc'].map((clientId) =>
      connectMqtt({ url: broker.url, clientId, ...(clientId === 'node' ? { prefix: 'factory' } : {}) }),
    );
    await Promise.all([node!.ready(5_000), plc!.ready(5_000)]);
    const send = (topic: string, text: string, retain = false): void => {
      plc!.publish({ topic, payload: bytes(text), qos: 1, retain });
    };
    const kept = new Promise<void>((resolve) => void plc!.subscribe('plc/press/wear', () => resolve()));
    send('plc/press/wear', '99', true);
    await kept;
    const asked: RangeRequest[] = [];
    const vitals = createVitals(() => {});
    let wake = (): void => {};
    const start = openRuleDesk({
      rules: [
        rule(),
        rule({ name: 'fine', when: { below: 5 }, label: 'normal' }),
        rule({ name: 'other', topic: 'x/+' }),
      ],
      ...{
        codec,
        classes: ['normal', 'worn'],
        mqtt: node!,
        vitals,
        clock: { monotonicMs: () => 1e6, unixMs: () => UNIX },
      },
      ranges: {
        add: (request) => {
          asked.push(request);
          wake();
          return true;
        },
      },
    });
    start();
    // The retained one comes before these two.
    const both = new Promise<void>((resolve) => {
      wake = () => {
        if (asked.length === 1) send('x/y', '7');
        if (asked.length === 2) resolve();
      };
    });
    // Confirmed in order: after this one, the rules' own are.
    await node!.subscribe('ready', () => {}, { absolute: true });
    send('plc/press/wear', '3');
    await both;
    assert.equal(
      asked.map(({ by, label }) => [by, label]),
      [
        ['rule:fine', 'normal'],
        ['rule:other', 'worn'],
      ],
    );
    assert.is(vitals.counters.rulesApplied, 2);
    await Promise.all([node!.close(), plc!.close()]);
    await broker.close();
  },
);

rules('a label that the model does not know is refused at start', () => {
  const ports = { mqtt: { subscribe: async () => {} }, ranges: { add: () => true }, vitals: createVitals(() => {}) };
  const clock = { monotonicMs: () => 0, unixMs: () => 0 };
  assert.throws(
    () => openRuleDesk({ ...ports, codec, clock, rules: [rule()], classes: ['normal'] }),
    /\/rules\/0\/label: the model has no "worn"; it knows normal/,
  );
});

rules.run();
