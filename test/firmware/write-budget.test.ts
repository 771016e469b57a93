import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { WriteBudget } from '../../firmware/machines/write-budget.ts';
import { createWriteWatch } from '../../firmware/storage-reports.ts';
import { createVitals } from '../../firmware/vitals.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const budget = suite('bytes written in a day');

budget('an even stream is what it is, after an hour, a day and a year', () => {
  const began = 5 * HOUR_MS + 17;
  const writes = new WriteBudget(1_000_000, began);
  const perMinute = 700;
  let sums = writes.sample(1_000_000, began);
  assert.equal(sums, { lastDay: 0, perDay: null });
  for (let minute = 1; minute <= 60; minute++) {
    sums = writes.sample(1_000_000 + minute * perMinute, began + minute * MINUTE_MS);
  }
  assert.is(sums.lastDay, 60 * perMinute);
  assert.is(sums.perDay, 1_440 * perMinute);
  for (let minute = 61; minute <= 3 * 1_440; minute++) {
    sums = writes.sample(1_000_000 + minute * perMinute, began + minute * MINUTE_MS);
  }
  assert.ok(sums.lastDay > 1_379 * perMinute && sums.lastDay <= 1_440 * perMinute, `${sums.lastDay}`);
  assert.ok(Math.abs(sums.perDay! - 1_440 * perMinute) < 2 * perMinute, `${sums.perDay}`);
});

budget('a burst is forgotten after a day, also when nobody looked in between', () => {
  const writes = new WriteBudget(0, 0);
  assert.is(writes.sample(9e9, HOUR_MS).lastDay, 9e9);
  assert.is(writes.sample(9e9, HOUR_MS + DAY_MS - 1).lastDay, 9e9);
  assert.is(writes.sample(9e9, HOUR_MS + DAY_MS).lastDay, 0);
  writes.sample(9e9 + 5, 2 * DAY_MS);
  assert.is(writes.sample(9e9 + 5, 9 * DAY_MS).lastDay, 0);
});

budget('more than the board bears is said, until a day has passed', () => {
  const vitals = createVitals(() => {});
  const world = { bytes: 50 as number | null, now: 0 };
  const watch = createWriteWatch({
    ...{ configuration: { ...demoConfiguration, board: 'rpi4' }, vitals },
    written: () => world.bytes,
    monotonicMs: () => world.now,
  });
  Object.assign(world, { bytes: 100_000_050, now: HOUR_MS });
  watch();
  assert.equal(vitals.health, {});
  assert.is(vitals.counters.bytesWrittenToday, 100_000_000);
  assert.is(vitals.counters.bytesWrittenPerDay, 2_400_000_000);
  world.bytes = 100_000_051;
  watch();
  assert.match(vitals.health.writes!, /more than 100 MB were written within 24 hours/);
  world.now += DAY_MS;
  watch();
  assert.equal(vitals.health, {});
  world.bytes = null;
  watch();
  assert.is(vitals.counters.bytesWrittenToday, 0, 'where nobody knows, nothing is said');
});

budget.run();
