import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RecordingError } from './recording-error.ts';

const CHUNK_BYTES = 1 << 18;

/**
 * Opens a recording as a stream of UTF-8 text; `-` is standard input. Gzip is recognised by its magic bytes
 * (RFC 1952 §2.3.1), whatever the name. Rejects with RecordingError when there is no such file.
 */
export async function openRecordingText(path: string): Promise<Readable> {
  const bytes = path === '-' ? process.stdin : await openFile(path);
  const iterator = bytes[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const head = await readHead(iterator, path);
  const source = Readable.from(chain(head, iterator), { objectMode: false, highWaterMark: CHUNK_BYTES });
  const text = isGzip(head) ? unzip(source) : source;
  text.setEncoding('utf8'); // also joins characters that were cut between chunks
  return text;
}

async function openFile(path: string): Promise<Readable> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new RecordingError('recordingNotFound', `there is no recording ${path}`, { cause });
    throw new RecordingError('recordingUnreadable', `cannot read ${path}: ${cause.message}`, { cause });
  });
  if (found.isDirectory()) throw new RecordingError('recordingUnreadable', `${path} is a folder, not a recording`);
  return createReadStream(path, { highWaterMark: CHUNK_BYTES });
}

/** At least the two magic bytes, unless the input is shorter: a pipe may deliver one byte at a time. */
async function readHead(iterator: AsyncIterator<Buffer>, path: string): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await iterator.next().catch((cause: Error) => {
      throw new RecordingError('recordingUnreadable', `cannot read ${path}: ${cause.message}`, { cause });
    });
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* chain(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function unzip(source: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.once('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}
