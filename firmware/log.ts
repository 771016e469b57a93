/** Least to most talkative; each shows those before it too. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `text` for people, `json` for programs (one object a line), `journal` for systemd's journal. */
export type LogFormat = 'text' | 'json' | 'journal';

/** What a program may want to sort by, beside the text: `{ code: 'storeLocked' }`. */
export type LogFields = Readonly<Record<string, string | number>>;

/** Hears what a person should know; `info` when no level is given. */
export type Notice = (text: string, level?: LogLevel, fields?: LogFields) => void;

export interface LogEntry {
  /** As the gateway believes. */
  readonly unixMs: number;
  readonly level: LogLevel;
  readonly text: string;
  readonly fields: LogFields;
}

/** Of syslog (RFC 5424 §6.2.1), which the journal takes from the head of a line: sd-daemon(3). */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const WORDS: Readonly<Record<LogLevel, string>> = { error: 'error: ', warn: 'warning: ', info: '', debug: 'debug: ' };

/** One line, whatever the text holds, without the newline at its end. */
export const formatEntry = ({ unixMs, level, text, fields }: LogEntry, format: LogFormat): string => {
  if (format === 'json') {
    const time = new Date(unixMs).toISOString();
    return JSON.stringify({ time, level, message: text, ...fields });
  }
  const line = text.replace(/\s*\n\s*/g, '; ');
  if (format === 'text') return `myrmex: ${WORDS[level]}${line}`;
  const tail = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
  return `<${PRIORITIES[level]}>${line}${tail.join('')}`;
};

/** Says whether an entry of `level` is shown by a log of `shown`. */
export const isShown = (level: LogLevel, shown: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(shown);

/**
 * The format when none was asked for: the journal's where standard error goes there, text in a terminal, else JSON.
 *
 * @param stream of standard error: device and inode, as `JOURNAL_STREAM` has them (systemd.exec(5))
 */
export const chooseFormat = (
  asked: 'auto' | LogFormat,
  { terminal, journalStream, stream }: { terminal: boolean; journalStream: string | undefined; stream: string },
): LogFormat => {
  if (asked !== 'auto') return asked;
  if (journalStream !== undefined && journalStream === stream) return 'journal';
  return terminal ? 'text' : 'json';
};
