import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rulesOf } from '../../firmware/configuration/channels.ts';
import { checkConfiguration } from '../../firmware/configuration.ts';
import { columnsOf } from '../../firmware/io/sensors/columns.ts';

const configuration = suite('configuration of live sensors');
const around = {
  ...{ site: 's', node: 'n', board: 'pc', broker: { embedded: true, port: 0 }, experts: ['frozen'], seed: 0 },
};
const level = { topic: 'plant/level', read: 'number' };

/** What a sensor is refused with; empty when it is not. */
const refusal = (sensor: object): string => {
  try {
    checkConfiguration({ ...around, sensor }, 'node.json');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const mqtt = (channel: object) => ({ kind: 'mqtt', rateHz: 1, channels: { level: { ...level, ...channel } } });
const part = (sensor: object) => ({ kind: 'several', rateHz: 1, sensors: [sensor] });

configuration('what the documentation shows is accepted', () => {
  for (const sensor of [
    { kind: 'host', rateHz: 1, channels: ['load1', 'cpu', 'memory', 'disk'] },
    { kind: 'host', rateHz: 100, channels: { board: { read: 'temperature', range: [0, 85], gapMs: 5_000 } } },
    mqtt({ read: { json: '/values/0/bar' }, range: [0, 16], gapMs: 30_000 }),
    mqtt({ read: { cbor: '' }, column: { at: 1, of: 2 }, sampleHz: 6_400 }),
    { ...mqtt({ retained: true, resample: 'hold' }), delayMs: 100, broker: { url: 'mqtts://b', username: 'u' } },
    { kind: 'stdin', channels: ['x', 'y'] },
    { kind: 'stdin', format: 'jsonl', rateHz: 10, channels: { x: { read: '/imu/x' }, y: {} } },
    { ...part({ kind: 'host', rateHz: 1, channels: ['cpu'] }), delayMs: 5 },
  ]) {
    assert.is(refusal(sensor), '', JSON.stringify(sensor));
  }
});

const faults: readonly (readonly [object, RegExp])[] = [
  [mqtt({ range: [5, 5] }), /\/sensor\/channels\/level\/range must be \[least, greatest\]; it is \[5,5\]/],
  [mqtt({ topic: 'a/#/b' }), /\/sensor\/channels\/level\/topic is not a topic filter.*it is "a\/#\/b"/],
  [mqtt({ read: { json: 'bar' } }), /\/sensor\/channels\/level\/read is not a JSON Pointer/],
  [mqtt({ column: { at: 2, of: 2 } }), /\/sensor\/channels\/level\/column\/at must be below of/],
  [{ ...mqtt({}), broker: { url: 'mqtt://u:p@b' } }, /\/sensor\/broker\/url has a user or password inside/],
  [part({ kind: 'stdin', channels: { x: { read: '/a~9' } } }), /\/sensor\/sensors\/0\/channels\/x\/read is not a JSON/],
  [
    { kind: 'several', rateHz: 1, sensors: [1, 2].map(() => ({ kind: 'stdin', channels: ['x'] })) },
    /reads standard input twice/,
  ],
  [
    { kind: 'several', rateHz: 1, sensors: [1, 2].map(() => ({ kind: 'host', rateHz: 1, channels: ['cpu'] })) },
    /names the channel cpu twice/,
  ],
];

configuration('what is wrong is named with its place', () => {
  for (const [sensor, message] of faults) assert.match(refusal(sensor), message);
});

configuration('a kind, a figure or a field that is not known', () => {
  assert.match(refusal({ kind: 'host', rateHz: 1, channels: ['load2'] }), /\/sensor\/channels\/0 must be one of load1/);
  assert.match(refusal({ kind: 'host', rateHz: 200, channels: ['cpu'] }), /\/sensor\/rateHz must be <= 100; it is 200/);
  assert.match(
    refusal({ ...mqtt({}), kind: 'matt' }),
    /must be one of simulated, recording, host, mqtt, stdin, several/,
  );
  assert.match(refusal(part(mqtt({}))), /\/sensor\/sensors\/0\/rateHz is not a field/);
  assert.match(refusal(mqtt({ topics: 'x' })), /\/sensor\/channels\/level\/topics is not a field/);
});

configuration('defaults: ten seconds or ten samples, nothing assumed of the values', () => {
  const { gapMs, stuckAfterMs, rangeMin, rangeMax, scale, offset, resample } = rulesOf('x', {}, 100);
  assert.equal([gapMs, stuckAfterMs, rangeMin, rangeMax], [10_000, Infinity, -Infinity, Infinity]);
  assert.equal([scale, offset, resample], [1, 0, 'mean']);
  assert.is(rulesOf('x', {}, 60_000).gapMs, 600_000);
});

configuration('columns: by name in any order, else both lists', () => {
  assert.equal(columnsOf(['c', 'a', 'b'], ['a', 'b', 'c'], 'it'), [2, 0, 1]);
  for (const own of [
    ['a', 'b'],
    ['a', 'b', 'd'],
    ['a', 'b', 'c', 'd'],
    ['a', 'b', 'b'],
  ]) {
    assert.throws(
      () => columnsOf(own, ['a', 'b', 'c'], 'it'),
      /it has the channels a, b.*; the model was made for a, b, c/,
    );
  }
});

configuration.run();
