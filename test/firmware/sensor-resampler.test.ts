import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rulesOf } from '../../firmware/configuration/channels.ts';
import type { Resample } from '../../firmware/machines/channel-rules.ts';
import { Resampler } from '../../firmware/machines/resampler.ts';
import { RowClock } from '../../firmware/machines/row-clock.ts';

const resampler = suite('resampler');
const rules = (resample: Resample, gapMs = 1_000) => [rulesOf('x', { resample, gapMs }, 100)];

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** Rows at 0, interval, …: what is due of the samples is pushed before each row, `delayMs` ahead of it. */
const rowsOf = (samples: readonly Sample[], resample: Resample, intervalMs: number, rows: number, delayMs = 0) => {
  const machine = new Resampler(rules(resample), 4_096);
  const out = new Float32Array(1);
  let next = 0;
  return Array.from({ length: rows }, (_, row) => {
    const atMs = row * intervalMs;
    for (; next < samples.length && samples[next]!.atMs <= atMs + delayMs; next++) {
      machine.push(0, samples[next]!.value, samples[next]!.atMs);
    }
    machine.row(atMs, out, 0);
    return out[0]!;
  });
};

const stream = fc
  .array(fc.record({ stepMs: fc.integer({ min: 0, max: 900 }), value: fc.integer({ min: -1_000, max: 1_000 }) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ stepMs, value }) => {
      atMs += stepMs;
      return { atMs, value };
    });
  });
const interval = fc.constantFrom(10, 50, 125, 400);

resampler('mean and hold are what their definition says, for any stream', () => {
  fc.assert(
    fc.property(stream, interval, (samples, intervalMs) => {
      const rows = 40;
      for (const resample of ['mean', 'hold'] as const) {
        const got = rowsOf(samples, resample, intervalMs, rows);
        for (let row = 0; row < rows; row++) {
          const atMs = row * intervalMs;
          const past = samples.filter((sample) => sample.atMs <= atMs);
          const inside = past.filter((sample) => sample.atMs > atMs - intervalMs || row === 0);
          const last = past.at(-1);
          let expected = last === undefined || atMs - last.atMs > 1_000 ? Number.NaN : last.value;
          if (resample === 'mean' && inside.length > 0) {
            expected = inside.reduce((sum, { value }) => sum + value, 0) / inside.length;
          }
          assert.equal([got[row]], [Math.fround(expected)], `${resample}, row ${row}`);
        }
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});

resampler('no row lies outside what was measured', () => {
  fc.assert(
    fc.property(stream, interval, fc.integer({ min: 0, max: 1_000 }), (samples, intervalMs, delayMs) => {
      const values = samples.map(({ value }) => value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      for (const resample of ['mean', 'hold', 'linear'] as const) {
        for (const value of rowsOf(samples, resample, intervalMs, 40, delayMs)) {
          assert.ok(Number.isNaN(value) || (value >= low && value <= high), `${resample} ${value}`);
        }
      }
    }),
    { seed: 4, numRuns: 200 },
  );
});

resampler('linear follows a straight line of a slower channel exactly, when the next sample has come', () => {
  const samples = Array.from({ length: 20 }, (_, n) => ({ atMs: n * 500, value: 3 * n }));
  const rows = rowsOf(samples, 'linear', 100, 90, 500);
  assert.equal(
    rows,
    rows.map((_, row) => Math.fround((3 * row) / 5)),
  );
  const blind = rowsOf(samples, 'linear', 100, 90, 0);
  const steps = blind.map((_, row) => 3 * Math.floor(row / 5));
  assert.equal(blind, steps, 'without delay it is hold');
});

resampler('no line is drawn over a gap', () => {
  const machine = new Resampler(rules('linear'), 64);
  const out = new Float32Array(1);
  machine.push(0, 1, 0);
  machine.push(0, 3, 2_000);
  machine.row(900, out, 0);
  assert.is(out[0], 1, 'held for as long as is allowed');
  machine.row(1_100, out, 0);
  assert.ok(Number.isNaN(out[0]));
});

resampler('a sample that comes with an earlier time does not hold up the ones before it, nor is it lost', () => {
  const machine = new Resampler(rules('hold'), 64);
  const out = new Float32Array(1);
  machine.push(0, 1, 100);
  machine.push(0, 2, 50);
  machine.row(60, out, 0);
  assert.ok(Number.isNaN(out[0]), "order is kept: the second one counts as of the first one's time");
  machine.row(100, out, 0);
  assert.is(out[0], 2);
  machine.push(0, 3, 90);
  machine.push(0, 4, 700);
  machine.row(1_250, out, 0);
  assert.is(out[0], 4);
  machine.push(0, 5, 300);
  machine.row(1_690, out, 0);
  assert.is(out[0], 5, 'as old as 700, not as 300');
});

resampler('mean keeps a faster channel from aliasing: a tone at a multiple of the row rate vanishes', () => {
  const tone = Array.from({ length: 8_000 }, (_, n) => ({ atMs: n, value: Math.sin((2 * Math.PI * n) / 100) }));
  const rms = (values: readonly number[]): number =>
    Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  const shifted = tone.map(({ atMs, value }) => ({ atMs: atMs + 25, value }));
  assert.ok(rms(rowsOf(shifted, 'mean', 100, 80).slice(2)) < 1e-6);
  assert.ok(rms(rowsOf(shifted, 'hold', 100, 80).slice(2)) > 0.5, 'hold would show a line that is not there');
});

resampler('a missing sample is missing at once, and not held over', () => {
  const machine = new Resampler(rules('hold'), 64);
  const out = new Float32Array(1);
  machine.push(0, 5, 0);
  machine.push(0, Number.NaN, 50);
  assert.is(machine.row(10, out, 0), 0);
  assert.is(machine.row(60, out, 0), 1);
  assert.ok(Number.isNaN(out[0]));
  machine.push(0, 6, 70);
  assert.is(machine.row(80, out, 0), 0);
  assert.is(out[0], 6);
});

resampler('a full queue gives up its oldest sample and counts it', () => {
  const machine = new Resampler(rules('mean'), 16);
  const out = new Float32Array(1);
  for (let n = 0; n < 20; n++) machine.push(0, n, n);
  assert.is(machine.dropped, 4);
  machine.row(100, out, 0);
  assert.is(out[0], (4 + 19) / 2);
});

const clock = suite('row clock');

clock('a year of rows does not drift, however late the timer is', () => {
  const rows = new RowClock({ intervalMs: 1_000 / 3, delayMs: 0, beganMs: 123 });
  const yearMs = 365 * 86_400_000;
  assert.ok(rows.next(123));
  // Jump almost to the end, as a pause, then go on with late timers.
  assert.ok(rows.next(123 + yearMs));
  assert.is(rows.segment, 1);
  const first = Math.round(rows.tMs / (1_000 / 3));
  for (let n = 1; n <= 1_000; n++) {
    assert.ok(rows.next(123 + yearMs + (n * 1_000) / 3 + (n % 7) * 20 + 1));
    assert.ok(Math.abs(rows.tMs - ((first + n) * 1_000) / 3) < 1e-3);
  }
  assert.is(rows.segment, 1);
});

clock('rows come after their delay, all that are due, and a long pause is skipped with a new segment', () => {
  const rows = new RowClock({ intervalMs: 100, delayMs: 40, beganMs: 0 });
  assert.not.ok(rows.next(39));
  assert.ok(rows.next(40));
  assert.is(rows.waitMs(40), 100);
  const due: number[] = [];
  while (rows.next(545)) due.push(rows.tMs);
  assert.equal(due, [100, 200, 300, 400, 500]);
  assert.is(rows.segment, 0);
  assert.ok(rows.next(10_045));
  assert.equal([rows.tMs, rows.segment, rows.skippedMs, rows.pauses], [10_000, 1, 9_400, 1]);
  assert.not.ok(rows.next(10_046));
});

resampler.run();
clock.run();
