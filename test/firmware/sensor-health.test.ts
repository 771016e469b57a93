import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rulesOf } from '../../firmware/configuration/channels.ts';
import { type ChannelChange, ChannelHealth, WELL_AFTER_MS } from '../../firmware/machines/channel-health.ts';
import { createSensorTroubles } from '../../firmware/sensor-troubles.ts';
import { createVitals } from '../../firmware/vitals.ts';

const health = suite('channel health');
const fields = { range: [0, 10] as [number, number], gapMs: 1_000, stuckAfterMs: 3_000 };
const rules = [rulesOf('pressure', fields, 100)];
const year = 365 * 86_400_000;

/** Samples as [ms, value]; the states said, looked at after each and at the end. */
const statesOf = (samples: readonly (readonly [number, number])[], endMs: number): string[] => {
  const machine = new ChannelHealth(rules, 0);
  const said: string[] = [];
  const hear = ({ state, sinceMs }: ChannelChange): void => {
    said.push(`${state}@${sinceMs}`);
  };
  for (const [ms, value] of samples) {
    machine.check(ms, hear);
    machine.take(0, value, ms);
    machine.check(ms, hear);
  }
  machine.check(endMs, hear);
  return said;
};

const table: readonly (readonly [string, readonly (readonly [number, number])[], number, readonly string[]])[] = [
  [
    'samples in time',
    [
      [500, 1],
      [1_500, 2],
      [2_500, 3],
    ],
    3_500,
    [],
  ],
  ['none at all', [], 1_001, ['gap@0']],
  [
    'one too late',
    [
      [100, 1],
      [1_101, 2],
    ],
    1_200,
    ['gap@100', 'well@1101'],
  ],
  [
    'then silence',
    [
      [100, 1],
      [200, 2],
    ],
    1_201,
    ['gap@200'],
  ],
  [
    'at either end of the range',
    [
      [100, 0],
      [200, 10],
    ],
    300,
    [],
  ],
  ['one value above', [[100, 11]], 200, ['range@100']],
  [
    'one value below, among good ones',
    [
      [100, 5],
      [200, -1],
      [300, 5],
    ],
    400,
    ['range@200'],
  ],
  [
    'well when inside for long enough',
    [
      [100, 11],
      [1_000, 1],
      [2_000, 2],
      [3_000, 3],
      [4_000, 4],
      [5_000, 5],
      [5_101, 6],
    ],
    5_200,
    ['range@100', 'well@5101'],
  ],
  [
    'unchanged just long enough',
    [
      [0, 4],
      [1_000, 4],
      [2_000, 4],
      [3_000, 4],
    ],
    3_500,
    [],
  ],
  [
    'unchanged too long',
    [
      [0, 4],
      [1_000, 4],
      [2_000, 4],
      [3_000, 4],
      [3_001, 4],
    ],
    3_500,
    ['stuck@0'],
  ],
  [
    'moving again',
    [
      [0, 4],
      [1_000, 4],
      [2_000, 4],
      [2_500, 4],
      [3_001, 4],
      [3_100, 5],
    ],
    3_500,
    ['stuck@0', 'well@3100'],
  ],
  [
    'no number is no sample',
    [
      [500, 1],
      [1_000, Number.NaN],
      [1_400, Infinity],
    ],
    1_501,
    ['gap@500'],
  ],
];

for (const [name, samples, endMs, expected] of table) {
  health(name, () => assert.equal(statesOf(samples, endMs), expected));
}

health('what cannot be believed is missing, the rest is in its unit', () => {
  const machine = new ChannelHealth([rulesOf('p', { ...fields, scale: 0.5, offset: 1 }, 100)], 0);
  assert.is(machine.take(0, 4, 0), 3);
  assert.is(machine.take(0, 18, 1), 10);
  assert.ok(Number.isNaN(machine.take(0, 18.1, 2)));
  assert.ok(Number.isNaN(machine.take(0, Number.NaN, 3)));
  for (let ms = 100; ms <= 3_100; ms += 100) assert.is(machine.take(0, 2, ms), 2);
  assert.ok(Number.isNaN(machine.take(0, 2, 3_200)));
  assert.is(machine.take(0, 3, 3_300), 2.5);
  assert.equal([machine.outOfRange, machine.notNumbers], [1, 1]);
});

health('a pause of the process is not held against a channel', () => {
  const machine = new ChannelHealth(rules, 0);
  machine.take(0, 1, 100);
  machine.excuse(60_000);
  const said: ChannelChange[] = [];
  machine.check(60_200, (change) => said.push(change));
  assert.equal(said, []);
});

health('troubles are said with the channel, the value and what to do, once, and their end', () => {
  const told: string[] = [];
  const vitals = createVitals((text) => told.push(text));
  let wall = Date.UTC(2026, 10, 23, 12);
  const troubles = createSensorTroubles(rules, { vitals, unixMs: () => wall });
  troubles.reason(0, 'EIO: i/o error');
  troubles.changed({ channel: 0, state: 'gap', sinceMs: 0, value: Number.NaN }, 1_000);
  assert.match(
    vitals.health['sensor.pressure']!,
    /no sample since 2026-11-23T11:59:59Z \(EIO: i\/o error\).*1000 ms.*cable/,
  );
  // The wall clock jumps; what is said next differs in its date only.
  wall += year;
  troubles.changed({ channel: 0, state: 'range', sinceMs: 0, value: 11.000_000_1 }, 0);
  assert.match(vitals.health['sensor.pressure']!, /was 11 at 2027-11-23T12:00:00Z, outside \[0, 10\].*wiring/);
  troubles.changed({ channel: 0, state: 'stuck', sinceMs: 0, value: 4 }, 0);
  assert.match(vitals.health['sensor.pressure']!, /exactly 4 since .*3000 ms/);
  troubles.changed({ channel: 0, state: 'well', sinceMs: 0, value: Number.NaN }, 0);
  assert.equal(vitals.health, {});
  assert.is(told.length, 4);
});

health('a thousand unplugged channels are 17 troubles, and none when they are back', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => rulesOf(`c${at}`, fields, 100));
  const vitals = createVitals(() => {});
  const troubles = createSensorTroubles(many, { vitals, unixMs: () => 0 });
  const machine = new ChannelHealth(many, 0);
  machine.check(2_000, (change) => troubles.changed(change, 0));
  assert.is(machine.gaps, 1_000);
  assert.is(Object.keys(vitals.health).length, 17);
  for (let channel = 0; channel < many.length; channel++) machine.take(channel, 1, 2_100);
  machine.check(2_200, (change) => troubles.changed(change, 0));
  assert.equal(vitals.health, {});
});

health('a value that flutters at its limit is one trouble, not hundreds', () => {
  const machine = new ChannelHealth(rules, 0);
  let changes = 0;
  for (let ms = 0; ms < 60_000; ms += 10) {
    machine.take(0, ms % 20 === 0 ? 9.9 : 10.1, ms);
    machine.check(ms, () => changes++);
  }
  assert.is(changes, 1);
  assert.ok(WELL_AFTER_MS >= 1_000);
});

health.run();
