import { type FileHandle, open } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { CommandError } from '../errors.ts';

/** Lines that may lie in memory only; a power cut costs as many, or what came within FLUSH_MS. */
const BUFFER_CHARS_MAX = 1 << 20;

export interface RecordedRow {
  readonly segment: string;
  readonly tMs: number;
  /** Empty when nobody knows. */
  readonly label: string;
  /** NaN where the sample is missing. */
  readonly values: Float32Array;
  readonly offset: number;
}

/** Writes a recording as `readRecording` reads it. Every flush leaves a whole recording on the disk. */
export interface RecordingWriter {
  /** Never waits. */
  write(row: RecordedRow): void;
  /** Puts what was written on the disk. Rejects when that fails, and from then on. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Creates the file, which must not exist: nobody wants a recording overwritten. With a name that ends in `.gz`, each
 * flush is a gzip member of its own (RFC 1952 §2.2), so that what is on the disk can be unpacked at any moment.
 *
 * @throws CommandError `fileExists`; errors of the file system
 */
export const createRecordingWriter = async (
  path: string,
  { node, channels }: { node: string; channels: readonly string[] },
): Promise<RecordingWriter> => {
  const file = await createFile(path);
  const pack = path.endsWith('.gz') ? (text: string) => gzipSync(text) : (text: string) => Buffer.from(text);
  let waiting = `${['node', 'segment', 't_ms', 'label', ...channels].map(cell).join(',')}\n`;
  let written: Promise<void> = Promise.resolve();

  const send = (): void => {
    if (waiting === '') return;
    const bytes = pack(waiting);
    waiting = '';
    written = written.then(() => file.appendFile(bytes));
    // Whoever flushes next hears of it.
    written.catch(() => {});
  };
  const flush = async (): Promise<void> => {
    send();
    await written;
    await file.datasync();
  };
  return {
    write: ({ segment, tMs, label, values, offset }) => {
      let line = `${cell(node)},${cell(segment)},${tMs},${cell(label)}`;
      for (let channel = 0; channel < channels.length; channel++) line += `,${sample(values[offset + channel]!)}`;
      waiting += `${line}\n`;
      if (waiting.length > BUFFER_CHARS_MAX) send();
    },
    flush,
    close: async () => {
      try {
        await flush();
      } finally {
        await file.close();
      }
    },
  };
};

const createFile = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CommandError('fileExists', `${path} exists already; name another file, or remove it first`);
  }
};

/** RFC 4180 §2: quotes around what would otherwise break the line, quotes inside doubled. */
const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The fewest digits from which the same float32 is read again; 9 always suffice (IEEE 754-2019 §5.12.2). */
const sample = (value: number): string => {
  if (!Number.isFinite(value)) return '';
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
};
