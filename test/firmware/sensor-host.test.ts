import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostSensor } from '../../firmware/configuration/live-sensors.ts';
import { HOST_FIGURES } from '../../firmware/host-figures.ts';
import { createHostSource } from '../../firmware/io/sensors/host.ts';
import { type HostFiles, openHostFiles } from '../../firmware/io/sensors/host-files.ts';
import { createLiveSensor, systemTime } from '../../firmware/io/sensors/live.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createFakeHost, type FakeHost } from '../support/fake-host.ts';
import { createFakeTime } from '../support/fake-time.ts';
import { createSampleLog } from '../support/sample-log.ts';

const host = suite('host sensor');

/** The real files, and a way to wait until every reading that was begun has ended. */
const watched = (files: HostFiles) => {
  let reading = 0;
  let waiters: (() => void)[] = [];
  const watch = async <T>(begin: Promise<T>): Promise<T> => {
    reading++;
    try {
      return await begin;
    } finally {
      // After whoever asked has heard of it.
      setImmediate(() => {
        reading--;
        if (reading > 0) return;
        for (const wake of waiters) wake();
        waiters = [];
      });
    }
  };
  const quiet = (): Promise<void> =>
    new Promise((resolve) => {
      if (reading === 0) resolve();
      else waiters.push(resolve);
    });
  const wrapped: HostFiles = {
    proc: (name) => watch(files.proc(name)),
    temperatures: () => watch(files.temperatures()),
    // Not waited for: it may hang.
    diskUsed: () => files.diskUsed(),
  };
  return { files: wrapped, quiet };
};

const setUp = (sensor: HostSensor, fake: FakeHost, under = openHostFiles(fake.proc, fake.sys, '/')) => {
  const { files, quiet } = watched(under);
  const time = createFakeTime();
  const vitals = createVitals(() => {});
  const source = createHostSource(sensor, files);
  const columns = source.channels.map((_, at) => at);
  const log = createSampleLog(columns.length);
  const stop = new AbortController();
  const live = createLiveSensor({
    ...{ sources: [source], columns, rateHz: sensor.rateHz, queueSamples: 1_024, time, vitals },
  });
  const ended = live.run(log.sink, stop.signal);
  /** One reading, and the row that takes it. */
  const second = async (): Promise<readonly number[]> => {
    await time.asleep(2);
    await quiet();
    await time.advance(1_000, 2);
    await quiet();
    return log.rows.at(-1)!.values;
  };
  const end = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { vitals, log, second, end };
};

host('every figure is what the files say', async () => {
  const fake = await createFakeHost();
  const { log, second, end } = setUp({ kind: 'host', rateHz: 1, channels: [...HOST_FIGURES] }, fake);
  await second();
  await fake.put('proc/stat', 'cpu  150 0 100 725 125 0 0 0 0 0\n');
  await fake.put('proc/net/dev', ' eth0: 3000 1 0 0 0 0 0 0 1500 1 0 0 0 0 0 0\n');
  await second();
  await second();
  const row = Object.fromEntries(HOST_FIGURES.map((name, at) => [name, log.rows.at(-1)!.values[at]!]));
  const { disk, ...others } = row;
  assert.ok(disk! > 0 && disk! < 1, `${disk} of the disk`);
  assert.equal(others, {
    ...{ load1: 0.5, load5: 1.25, load15: 2, memory: 0.75, swap: 0, temperature: 47.25 },
    ...{ cpu: 0.5, iowait: 0.25, networkIn: 2_000, networkOut: 1_000 },
  });
  await end();
});

host('a temperature sensor that is pulled out is missing and said so, and read again when it is back', async () => {
  const fake = await createFakeHost();
  const channels = { load: { read: 'load1' as const }, board: { read: 'temperature' as const, gapMs: 3_000 } };
  const { vitals, second, end } = setUp({ kind: 'host', rateHz: 1, channels }, fake);
  await second();
  assert.equal(await second(), [0.5, 47.25]);
  await fake.remove('sys/class/thermal/thermal_zone0/temp');
  await second();
  assert.equal(await second(), [0.5, 47.25], 'one of two zones is enough');
  await fake.remove('sys/class/thermal/thermal_zone1/temp');
  for (let n = 0; n < 5; n++) await second();
  const [load, board] = await second();
  assert.is(load, 0.5);
  assert.ok(Number.isNaN(board));
  assert.match(vitals.health['sensor.board']!, /board has no sample since .*no temperature below/);
  await fake.put('sys/class/thermal/thermal_zone1/temp', '20000\n');
  await second();
  assert.equal(await second(), [0.5, 20]);
  assert.equal(vitals.health, {});
  await end();
});

host('a disk that hangs silences its own channel, and is asked once', async () => {
  const fake = await createFakeHost();
  let asked = 0;
  const real = openHostFiles(fake.proc, fake.sys, '/');
  const hanging: HostFiles = {
    ...real,
    diskUsed: () => {
      asked++;
      return new Promise(() => {});
    },
  };
  const sensor = {
    kind: 'host' as const,
    rateHz: 1,
    channels: { load1: { read: 'load1' as const }, disk: { read: 'disk' as const, gapMs: 2_000 } },
  };
  const { log, vitals, second, end } = setUp(sensor, fake, hanging);
  for (let n = 0; n < 6; n++) await second();
  assert.is(log.rows.at(-1)!.values[0], 0.5);
  assert.ok(Number.isNaN(log.rows.at(-1)!.values[1]));
  assert.is(asked, 1);
  assert.equal(Object.keys(vitals.health), ['sensor.disk']);
  await end();
});

host('nonsense in a file is a missing sample, not an error', async () => {
  const fake = await createFakeHost();
  for (const name of ['loadavg', 'meminfo', 'stat', 'net/dev'])
    await fake.put(`proc/${name}`, '\0\xff nonsense -1 1e999\n');
  await fake.put('sys/class/thermal/thermal_zone0/temp', '1e999\n');
  await fake.put('sys/class/thermal/thermal_zone1/temp', '');
  const channels = ['load5', 'cpu', 'memory', 'temperature'] as const;
  const { second, end } = setUp({ kind: 'host', rateHz: 1, channels: [...channels] }, fake);
  await second();
  assert.equal(
    await second(),
    channels.map(() => Number.NaN),
  );
  await end();
});

host('hwmon is asked where there are no thermal zones', async () => {
  const fake = await createFakeHost();
  for (const zone of [0, 1]) await fake.remove(`sys/class/thermal/thermal_zone${zone}/temp`);
  await fake.put('sys/class/hwmon/hwmon0/temp1_input', '30000\n');
  await fake.put('sys/class/hwmon/hwmon1/temp2_input', '31000\n');
  // Folders of zones that give nothing hide nothing.
  assert.equal(await openHostFiles(fake.proc, fake.sys, '/').temperatures(), [30, 31]);
});

if (existsSync('/proc/loadavg')) {
  host('the computer that runs this is read in real time', async () => {
    const channels = ['load1', 'cpu', 'memory', 'disk', 'networkIn'] as const;
    const source = createHostSource({ kind: 'host', rateHz: 50, channels: [...channels] });
    const log = createSampleLog(channels.length);
    const stop = new AbortController();
    const sensor = createLiveSensor({
      ...{ sources: [source], columns: [0, 1, 2, 3, 4], rateHz: 50, queueSamples: 1_024 },
      ...{ time: systemTime(), vitals: createVitals(() => {}) },
    });
    const ended = sensor.run(log.sink, stop.signal);
    await log.arrived(20);
    stop.abort();
    await ended;
    const [load, cpu, memory, disk, received] = log.rows[15]!.values as [number, number, number, number, number];
    assert.ok(load >= 0 && received >= 0);
    for (const share of [cpu, memory, disk]) assert.ok(share >= 0 && share <= 1, `${share}`);
    log.rows.forEach(({ tMs }, at) => {
      assert.is(tMs, at * 20);
    });
  });
} else {
  process.stdout.write('skipped: "the computer that runs this" needs Linux with /proc\n');
}

host.run();
