import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWindower, type Windower } from '../../kernels/signal/windower.ts';

const windower = suite('windower');

interface Row {
  values: number[];
  segment: number;
  truth: number;
}

interface Cut {
  index: number;
  truth: number;
  endMs: number;
  samples: number[];
}

function push(target: Windower, row: Row, tMs: number): boolean {
  return target.push(Float32Array.from(row.values), 0, row.segment, row.truth, tMs);
}

function cut(target: Windower, rows: readonly Row[]): Cut[] {
  const found: Cut[] = [];
  rows.forEach((row, tMs) => {
    if (!push(target, row, tMs)) return;
    found.push({ index: target.index, truth: target.truth, endMs: target.endMs, samples: [...target.samples] });
  });
  return found;
}

/** The same by definition: every window of every run of one segment, straight from the rows. */
function cutByDefinition(rows: readonly Row[], channels: number, window: number, stride: number): Cut[] {
  const found: Cut[] = [];
  let start = 0;
  while (start < rows.length) {
    let end = start;
    while (end < rows.length && rows[end]!.segment === rows[start]!.segment) end += 1;
    for (let at = start; at + window <= end; at += stride) {
      const inside = rows.slice(at, at + window);
      const agreed = inside.every((row) => row.truth === inside[0]!.truth) ? inside[0]!.truth : -1;
      const samples = Array.from({ length: channels }, (_, c) => inside.map((row) => row.values[c]!)).flat();
      found.push({ index: found.length, truth: agreed, endMs: at + window - 1, samples });
    }
    start = end;
  }
  return found;
}

const shapes = fc.record({
  channels: fc.integer({ min: 1, max: 3 }),
  window: fc.integer({ min: 1, max: 7 }),
  stride: fc.integer({ min: 1, max: 9 }),
});

function rowsOf(channels: number): fc.Arbitrary<Row[]> {
  const row = fc.record({
    values: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: channels, maxLength: channels }),
    segment: fc.constantFrom(0, 0, 0, 0, 0, 1),
    truth: fc.constantFrom(2, 2, 2, 2, 2, 3, -1),
  });
  return fc.array(row, { maxLength: 60 });
}

windower('cuts every window of every segment, for any window and stride', () => {
  const cases = shapes.chain((shape) => fc.tuple(fc.constant(shape), rowsOf(shape.channels)));
  fc.assert(
    fc.property(cases, ([{ channels, window, stride }, rows]) => {
      const expected = cutByDefinition(rows, channels, window, stride);
      assert.equal(cut(createWindower({ channels, window, stride }), rows), expected);
    }),
    { seed: 11, numRuns: 300 },
  );
});

windower('after lost rows the windows that touched none of them keep their numbers', () => {
  const sizes = fc.record({ before: fc.nat(20), lost: fc.integer({ min: 1, max: 20 }), after: fc.nat(20) });
  fc.assert(
    fc.property(shapes, sizes, ({ channels, window, stride }, { before, lost, after }) => {
      const rows = Array.from({ length: before + lost + after }, (_, i) => ({
        values: new Array<number>(channels).fill(i),
        segment: 0,
        truth: 1,
      }));
      const whole = cut(createWindower({ channels, window, stride }), rows);
      const gappy = createWindower({ channels, window, stride });
      const first = cut(gappy, rows.slice(0, before));
      gappy.skip(lost);
      const second: Cut[] = cut(gappy, rows.slice(before + lost));
      const shifted = second.map((found) => ({ ...found, endMs: found.endMs + before + lost }));
      const untouched = whole.filter(({ endMs }) => endMs < before || endMs - window + 1 >= before + lost);
      assert.equal([...first, ...shifted], untouched);
    }),
    { seed: 12, numRuns: 300 },
  );
});

windower('a gap holds the last valid sample and is counted', () => {
  const target = createWindower({ channels: 1, window: 4, stride: 4 });
  const found = [1, Number.NaN, 3, 4, Infinity, 6, 7, 8].map((v, i) =>
    push(target, { values: [v], segment: 0, truth: 0 }, i) ? [[...target.samples], target.missing, target.valid] : null,
  );
  assert.equal(found[3], [[1, 1, 3, 4], 1, true]);
  assert.equal(found[7], [[4, 6, 7, 8], 1, true], 'held over from the window before');
});

windower('a gap at the start of a segment takes the first valid sample, not one of another segment', () => {
  const target = createWindower({ channels: 1, window: 4, stride: 4 });
  for (const v of [9, 9, 9, 9]) push(target, { values: [v], segment: 0, truth: 0 }, 0);
  for (const v of [Number.NaN, 2, 3, 4]) push(target, { values: [v], segment: 1, truth: 0 }, 0);
  assert.equal([...target.samples], [2, 2, 3, 4]);
});

windower('a window with more than a quarter missing, or with a dead channel, is not valid', () => {
  const gap = Number.NaN;
  const tryRows = (rows: number[][]): boolean => {
    const target = createWindower({ channels: 4, window: 2, stride: 2 });
    for (const values of rows) push(target, { values, segment: 0, truth: 0 }, 0);
    return target.valid;
  };
  assert.is(
    tryRows([
      [1, gap, 1, gap],
      [1, 1, 1, 1],
    ]),
    true,
    'two of eight',
  );
  assert.is(
    tryRows([
      [1, gap, 1, gap],
      [gap, 1, 1, 1],
    ]),
    false,
    'three of eight',
  );
  assert.is(
    tryRows([
      [1, 1, 1, gap],
      [1, 1, 1, gap],
    ]),
    false,
    'fourth channel dead',
  );
});

windower('refuses a shape that holds no window', () => {
  assert.throws(() => createWindower({ channels: 0, window: 1, stride: 1 }), /channels must be/);
  assert.throws(() => createWindower({ channels: 1, window: 1.5, stride: 1 }), /window must be/);
  assert.throws(() => createWindower({ channels: 1, window: 1, stride: Number.NaN }), /stride must be/);
});

windower.run();
