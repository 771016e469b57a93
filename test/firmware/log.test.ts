import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLog } from '../../firmware/io/log.ts';
import { chooseFormat, formatEntry, type LogEntry, type LogLevel } from '../../firmware/log.ts';
import { LogThrottle } from '../../firmware/machines/log-throttle.ts';
import { createVitals } from '../../firmware/vitals.ts';

const log = suite('log');

const entry = (level: LogLevel, text: string): LogEntry => ({ unixMs: 0, level, text, fields: { code: 'x1' } });

log('JSON: one object a line, whatever the text holds', () => {
  const line = formatEntry(entry('warn', 'two\nlines "quoted"'), 'json');
  assert.not.match(line, /\n/);
  const expected = { time: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'two\nlines "quoted"', code: 'x1' };
  assert.equal(JSON.parse(line), expected);
});

log('journal: the priorities of sd-daemon(3), one entry one line', () => {
  const heads = (['error', 'warn', 'info', 'debug'] as const).map((level) =>
    formatEntry(entry(level, 'a\n b'), 'journal'),
  );
  assert.equal(heads, ['<3>a; b code=x1', '<4>a; b code=x1', '<6>a; b code=x1', '<7>a; b code=x1']);
});

log('text: for people, who need no level on what is normal', () => {
  assert.is(formatEntry(entry('info', 'all well'), 'text'), 'myrmex: all well');
  assert.is(formatEntry(entry('error', 'a\nb'), 'text'), 'myrmex: error: a; b');
});

log('the journal is recognised by device and inode, and not by a variable that an ancestor left', () => {
  const stderr = { terminal: false, stream: '8:12' };
  assert.is(chooseFormat('auto', { ...stderr, journalStream: '8:12' }), 'journal');
  assert.is(chooseFormat('auto', { ...stderr, journalStream: '8:13' }), 'json');
  assert.is(chooseFormat('auto', { ...stderr, terminal: true, journalStream: undefined }), 'text');
  assert.is(chooseFormat('json', { ...stderr, terminal: true, journalStream: '8:12' }), 'json');
});

const openLog = (level: LogLevel) => {
  const time = { now: 0 };
  const lines: string[] = [];
  const clock = { monotonicMs: () => time.now, unixMs: () => 0 };
  const notice = createLog({ level, format: 'text', clock, write: (line) => lines.push(line) });
  return { notice, lines, time };
};

log('a level shows those before it, and a notice without one is info', () => {
  const { notice, lines } = openLog('info');
  notice('a', 'error');
  notice('b');
  notice('c', 'debug');
  assert.equal(lines, ['myrmex: error: a', 'myrmex: b']);
  const quiet = openLog('error');
  quiet.notice('a', 'warn');
  assert.equal(quiet.lines, []);
});

log('a line that repeats is held back, counted, and told when its minute is over', () => {
  const { notice, lines, time } = openLog('info');
  for (let attempt = 0; attempt < 1_000; attempt++) notice(`attempt ${attempt} failed`);
  notice('something else');
  assert.is(lines.length, 11);
  time.now = 60_000;
  notice('attempt 7 failed');
  assert.equal(lines.slice(11), [
    'myrmex: warning: 990 more like this were left out in a minute: attempt # failed',
    'myrmex: attempt 7 failed',
  ]);
});

log('the throttle remembers no more kinds of lines than it must', () => {
  const throttle = new LogThrottle();
  const name = (kind: number): string => String.fromCodePoint(0x4e00 + kind);
  for (let kind = 0; kind < 10_000; kind++) assert.ok(throttle.admits(name(kind), 0));
  for (let line = 0; line < 9; line++) throttle.admits(name(9_999), 0);
  assert.not.ok(throttle.admits(name(9_999), 0), 'the latest is still known');
  assert.equal(throttle.ended(60_000).length, 1);
});

log('troubles are warnings, their end is not', () => {
  const { notice, lines } = openLog('warn');
  const vitals = createVitals(notice);
  vitals.trouble('storage', 'the disk is full');
  vitals.well('storage');
  assert.equal(lines, ['myrmex: warning: the disk is full']);
});

log.run();
