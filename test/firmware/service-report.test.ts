import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceReport } from '../../firmware/machines/service-report.ts';

const service = suite('what the service manager is told');

const view = (silentMs: number) => ({ silentMs, status: 'fine' });

/** Steps once a second from `from` to `to` (ms, exclusive); the times at which a sign of life was given. */
const pings = (report: ServiceReport, from: number, to: number, silentMs: (now: number) => number): number[] => {
  const times: number[] = [];
  for (let now = from; now < to; now += 1_000) {
    if (report.step(now, view(silentMs(now))).includes('WATCHDOG=1')) times.push(now);
  }
  return times;
};

service('ready at once and once, then a sign of life at half the deadline', () => {
  const report = new ServiceReport(30_000);
  assert.equal(report.step(0, view(0)), ['READY=1', 'WATCHDOG=1', 'STATUS=fine']);
  assert.equal(report.step(14_999, view(0)), []);
  assert.equal(report.step(15_000, view(0)), ['WATCHDOG=1', 'STATUS=fine']);
});

service('without a watchdog: the status, now and then', () => {
  const report = new ServiceReport(null);
  assert.equal(report.step(0, view(0)), ['READY=1', 'STATUS=fine']);
  assert.equal(report.step(59_000, view(0)), []);
  assert.equal(report.step(60_000, view(0)), ['STATUS=fine']);
});

service('a worker that is replaced in time costs no restart of the whole', () => {
  const report = new ServiceReport(30_000);
  const silent = (now: number): number => (now > 20_000 && now < 38_000 ? now - 20_000 : 0);
  assert.equal(pings(report, 0, 62_000, silent), [0, 15_000, 30_000, 45_000, 60_000]);
});

service('a worker that stays silent: no sign of life any more, and the reason in the status', () => {
  const report = new ServiceReport(30_000);
  const silent = (now: number): number => Math.max(0, now - 20_000);
  assert.equal(pings(report, 0, 200_000, silent), [0, 15_000, 30_000]);
  assert.equal(report.step(210_000, view(190_000)), ['STATUS=the compute worker is dead']);
});

service('the process was suspended: a sign of life follows at once', () => {
  const report = new ServiceReport(30_000);
  report.step(0, view(0));
  assert.ok(report.step(3_600_000, view(0)).includes('WATCHDOG=1'));
});

service.run();
