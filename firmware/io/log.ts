import { fstatSync } from 'node:fs';
import { chooseFormat, formatEntry, isShown, type LogFormat, type LogLevel, type Notice } from '../log.ts';
import { LogThrottle } from '../machines/log-throttle.ts';
import type { Clock } from './clock.ts';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Takes one line, without a newline at its end. */
  readonly write: (line: string) => void;
}

/** The log: levels, one line per entry, repetitions held back. */
export const createLog = ({ level: shown, format, clock, write }: LogOptions): Notice => {
  const throttle = new LogThrottle();
  const unixMs = clock.unixMs;
  return (text, level = 'info', fields = {}) => {
    if (!isShown(level, shown)) return;
    const now = clock.monotonicMs();
    for (const line of throttle.ended(now)) {
      write(formatEntry({ unixMs: unixMs(), level: 'warn', text: line, fields: {} }, format));
    }
    if (throttle.admits(text, now)) write(formatEntry({ unixMs: unixMs(), level, text, fields }, format));
  };
};

/** The format for this process' standard error. */
export const formatOfStderr = (asked: 'auto' | LogFormat): LogFormat => {
  const { dev, ino } = fstatSync(process.stderr.fd, { bigint: true });
  const journalStream = process.env.JOURNAL_STREAM;
  return chooseFormat(asked, { terminal: process.stderr.isTTY === true, journalStream, stream: `${dev}:${ino}` });
};
