import { Readable } from 'node:stream';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StdinPart } from '../../firmware/configuration/live-sensors.ts';
import { createLiveSensor, systemTime } from '../../firmware/io/sensors/live.ts';
import { createStdinSource } from '../../firmware/io/sensors/stdin.ts';
import { LineSplitter } from '../../firmware/machines/line-splitter.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createSampleLog } from '../support/sample-log.ts';

const lines = suite('standard input');

/** Plays text in pieces through a sensor of rows; returns the rows and how many lines were refused. */
const play = async (pieces: readonly (string | Buffer)[], part: Omit<StdinPart, 'kind'>) => {
  const source = createStdinSource({ kind: 'stdin', ...part }, () => Readable.from(pieces, { objectMode: false }));
  const columns = source.channels.map((_, at) => at);
  const log = createSampleLog(columns.length);
  const vitals = createVitals(() => {});
  const sensor = createLiveSensor({
    ...{ sources: [source], columns, rateHz: null, queueSamples: 64, time: systemTime(), vitals },
  });
  await sensor.run(log.sink, new AbortController().signal);
  return { rows: log.rows.map(({ values }) => values), refused: vitals.counters.sensorRefused };
};
const NO = Number.NaN;

const table: readonly (readonly [string, string, Omit<StdinPart, 'kind'>, readonly number[][], number])[] = [
  [
    'commas',
    '1,2\n3,4\n',
    { channels: ['a', 'b'] },
    [
      [1, 2],
      [3, 4],
    ],
    0,
  ],
  [
    'no newline at the end',
    '1,2\n3,4',
    { channels: ['a', 'b'] },
    [
      [1, 2],
      [3, 4],
    ],
    0,
  ],
  [
    'CRLF, semicolons, blanks, empty lines',
    '1;2\r\n\r\n 3 \t4\r\n',
    { channels: ['a', 'b'] },
    [
      [1, 2],
      [3, 4],
    ],
    0,
  ],
  [
    'missing cells',
    '1,\n,nan\n',
    { channels: ['a', 'b'] },
    [
      [1, NO],
      [NO, NO],
    ],
    0,
  ],
  [
    'a header finds the columns',
    'b,time,a\n1,x,2\n3,,4\n',
    { channels: ['a', 'b'] },
    [
      [2, 1],
      [4, 3],
    ],
    0,
  ],
  ['columns by another name', 'T,p\n1,2\n', { channels: { pressure: { read: 'p' } } }, [[2]], 0],
  [
    'what is no row of numbers',
    '1,2\nx,2\n1\n1,2,3\n5,6\n',
    { channels: ['a', 'b'] },
    [
      [1, 2],
      [5, 6],
    ],
    3,
  ],
  [
    'objects',
    '{"a":1,"b":2}\n{"b":3}\n',
    { format: 'jsonl', channels: ['a', 'b'] },
    [
      [1, 2],
      [NO, 3],
    ],
    0,
  ],
  [
    'arrays',
    '[1,2]\n[3,null]\n[4]\n',
    { format: 'jsonl', channels: ['a', 'b'] },
    [
      [1, 2],
      [3, NO],
    ],
    1,
  ],
  ['deep members', '{"m":{"v":[7]}}\n', { format: 'jsonl', channels: { v: { read: '/m/v/0' } } }, [[7]], 0],
  ['broken JSON', '{"a":\n{"a":{}}\n3\n{"a":1}\n', { format: 'jsonl', channels: ['a'] }, [[1]], 3],
];

for (const [name, text, part, rows, refused] of table) {
  lines(name, async () => {
    assert.equal(await play([text], part), { rows, refused });
    assert.equal(await play([...text], part), { rows, refused }, 'character by character');
  });
}

lines('a header that names other columns ends the run and says so', async () => {
  try {
    await play(['time,flow\n1,2\n'], { channels: ['pressure'] });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /header on standard input, "time,flow", does not name every channel/);
  }
});

lines('a line without an end, and bytes that are no text, cost one line', async () => {
  const flood = [
    '1\n',
    ...Array.from({ length: 100 }, () => '7'.repeat(10_000)),
    '\n2\n',
    Buffer.from([0xff, 0xfe, 0x0a]),
  ];
  assert.equal(await play(flood, { channels: ['a'] }), { rows: [[1], [2]], refused: 2 });
});

lines('however text is cut into pieces, the lines are the same', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '\n', '\r\n', 'x'.repeat(30)), { maxLength: 40 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (whole, sizes) => {
      const splitter = new LineSplitter(50);
      const got: string[] = [];
      for (let at = 0, n = 0; at < whole.length; at += sizes[n++ % sizes.length]!) {
        splitter.push(whole.slice(at, at + sizes[n % sizes.length]!), (line) => got.push(line));
      }
      splitter.finish((line) => got.push(line));
      const all = (whole.endsWith('\n') || whole === '' ? whole.slice(0, -1) : whole).split('\n');
      const expected = whole === '' ? [] : all;
      const kept = expected.filter((line) => line.length <= 50);
      assert.equal(
        got,
        kept.map((line) => line.replace(/\r$/, '')),
      );
      assert.is(splitter.tooLong, expected.length - kept.length);
    }),
    { seed: 6, numRuns: 500 },
  );
});

lines.run();
