import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rulesOf } from '../../firmware/configuration/channels.ts';
import { createLiveSensor, type LiveOptions } from '../../firmware/io/sensors/live.ts';
import type { LiveSource, SourcePort } from '../../firmware/io/sensors/live-source.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createFakeTime } from '../support/fake-time.ts';
import { createSampleLog } from '../support/sample-log.ts';

const live = suite('live sensor');
const year = 365 * 86_400_000;

/** A source that a test speaks for. */
const createProbe = (...names: string[]) => {
  let port: SourcePort | null = null;
  let fail: ((error: Error) => void) | null = null;
  let end: (() => void) | null = null;
  let runs = 0;
  const source: LiveSource = {
    name: 'probe',
    channels: names.map((name) => rulesOf(name, { gapMs: 1_000, range: [-100, 100] }, 100)),
    delayMs: 0,
    run: (given, signal) => {
      port = given;
      runs++;
      return new Promise((resolve, reject) => {
        end = resolve;
        fail = reject;
        signal.addEventListener('abort', () => resolve());
      });
    },
  };
  return { source, port: () => port!, fail: (error: Error) => fail!(error), end: () => end!(), runs: () => runs };
};

const setUp = (sources: LiveSource[], options: Partial<LiveOptions> = {}) => {
  const time = createFakeTime();
  const vitals = createVitals(() => {});
  const count = sources.reduce((sum, { channels }) => sum + channels.length, 0);
  const log = createSampleLog(count);
  const columns = Array.from({ length: count }, (_, at) => at);
  const sensor = createLiveSensor({ sources, columns, rateHz: 10, queueSamples: 1_024, time, vitals, ...options });
  const stop = new AbortController();
  const ended = sensor.run(log.sink, stop.signal);
  return { time, vitals, log, stop, ended };
};

live('a sensor that is unplugged is missing and said so, and is well by itself when it is back', async () => {
  const probe = createProbe('pressure', 'flow');
  const { time, vitals, log, stop, ended } = setUp([probe.source]);
  await time.asleep(1);
  const { port } = probe;
  const feed = async (ms: number, pressure: boolean): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      port().sample(1, 7, time.monotonicMs());
      if (pressure) port().sample(0, 5, time.monotonicMs());
      await time.advance(100, 1);
    }
  };
  await feed(1_000, true);
  assert.equal(vitals.health, {});
  port().reason(0, 'ENODEV: no such device');
  await feed(900, false);
  assert.equal(log.rows.at(-1)!.values, [5, 7], 'held for as long as is allowed');
  await feed(2_000, false);
  assert.ok(Number.isNaN(log.rows.at(-1)!.values[0]));
  assert.is(log.rows.at(-1)!.values[1], 7, 'the other channel goes on');
  assert.match(vitals.health['sensor.pressure']!, /no sample since .*ENODEV/);
  assert.is(vitals.counters.sensorGaps, 1);
  await feed(500, true);
  assert.equal(log.rows.at(-1)!.values, [5, 7]);
  assert.equal(vitals.health, {});
  assert.is(log.rows.length, 45, 'a row every 100 ms, whatever the sensor did');
  assert.ok(log.rows.every(({ tMs, segment }, at) => tMs === at * 100 && segment === 0));
  stop.abort();
  await ended;
});

live('a wall clock that jumps by a year either way changes nothing', async () => {
  const rows = async (jumps: readonly number[]): Promise<unknown> => {
    const probe = createProbe('x');
    const { time, vitals, log, stop, ended } = setUp([probe.source]);
    await time.asleep(1);
    for (let n = 0; n < 40; n++) {
      if (n < 10 || n >= 30) probe.port().sample(0, n, time.monotonicMs());
      time.jump(jumps[n % jumps.length]!);
      await time.advance(100, 1);
    }
    stop.abort();
    await ended;
    return { rows: log.rows, counters: vitals.counters, troubles: Object.keys(vitals.health) };
  };
  assert.equal(await rows([year, -year, -year, year]), await rows([0]));
});

live('a source that fails is opened again, later each time, and does not stop the others', async () => {
  const [bad, good] = [createProbe('bad'), createProbe('good')];
  const { time, vitals, log, stop, ended } = setUp([bad.source, good.source]);
  await time.asleep(1);
  const waits: number[] = [];
  for (let n = 0; n < 8; n++) {
    const from = time.monotonicMs();
    const runs = bad.runs();
    bad.fail(new Error('EIO'));
    await time.asleep(2);
    assert.match(vitals.health['source.probe']!, /probe: EIO; trying again/);
    while (bad.runs() === runs) {
      good.port().sample(0, 1, time.monotonicMs());
      // The last sleep of the source ends without another one beginning.
      await time.advance(100, bad.runs() === runs && time.monotonicMs() - from < 100 ? 2 : 1);
    }
    waits.push(time.monotonicMs() - from);
    bad.port().trouble(null);
  }
  assert.equal(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  assert.is(vitals.counters.sensorReopened, 8);
  assert.ok(log.rows.length >= 1_800);
  assert.is(log.rows.at(-1)!.values[1], 1);
  stop.abort();
  await ended;
});

live('channels of several sources land in the columns that the model wants', async () => {
  const [first, second] = [createProbe('a', 'b'), createProbe('c')];
  const { time, log, stop, ended } = setUp([first.source, second.source], { columns: [2, 0, 1] });
  await time.asleep(1);
  first.port().sample(0, 1, time.monotonicMs());
  first.port().sample(1, 2, time.monotonicMs());
  second.port().sample(0, 3, time.monotonicMs());
  await time.advance(100, 1);
  assert.equal(log.rows.at(-1)!.values, [2, 3, 1]);
  stop.abort();
  await ended;
});

live('after a pause of the process the stream goes on in a new segment, and no channel is blamed', async () => {
  const probe = createProbe('x');
  const { time, vitals, log, stop, ended } = setUp([probe.source]);
  await time.asleep(1);
  probe.port().sample(0, 1, time.monotonicMs());
  await time.advance(500, 1);
  time.stall(3_600_000);
  await time.advance(500, 1);
  assert.equal(vitals.health, {}, 'not heard is not silent');
  probe.port().sample(0, 2, time.monotonicMs());
  await time.advance(500, 1);
  assert.equal(vitals.health, {});
  assert.is(log.rows.at(-1)!.segment, 1);
  assert.ok(log.rows.length < 20, 'the rows of the pause are not made up');
  assert.is(vitals.counters.sensorPauses, 1);
  stop.abort();
  await ended;
});

live('a source at its end ends the sensor; its last row counts', async () => {
  const probe = createProbe('x');
  const { time, log, ended } = setUp([probe.source], { rateHz: null });
  await time.asleep(1);
  for (const value of [1, 2, Number.NaN]) {
    probe.port().sample(0, value, time.monotonicMs());
    probe.port().row(time.monotonicMs());
  }
  probe.end();
  await ended;
  assert.equal(
    log.rows.map(({ values }) => values),
    [[1], [2], [Number.NaN]],
  );
});

live.run();
