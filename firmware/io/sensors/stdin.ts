import type { Readable } from 'node:stream';
import { parsePointer } from '../../../protocols/json-pointer.ts';
import { type ChannelFields, rulesOf } from '../../configuration/channels.ts';
import { channelNames, type StdinPart } from '../../configuration/live-sensors.ts';
import { errorMessage, NodeError } from '../../errors.ts';
import { LineSplitter } from '../../machines/line-splitter.ts';
import { RowReader } from '../../machines/row-reader.ts';
import type { LiveSource, SourcePort } from './live-source.ts';

/** A thousand channels with 60 characters each. */
const LINE_CHARS_MAX = 65_536;

/** Lines of another program as a source; its end is the end of the sensor. @param input opens them */
export const createStdinSource = (
  { channels, format = 'csv' }: StdinPart,
  input: () => Readable = () => process.stdin,
): LiveSource => {
  const names = channelNames({ kind: 'stdin', channels });
  const settings = (name: string): ChannelFields & { read?: string } =>
    Array.isArray(channels) ? {} : channels[name]!;
  const columns = names.map((name) => {
    const { read = name } = settings(name);
    return { name: read, pointer: read.startsWith('/') ? parsePointer(read) : null };
  });
  return {
    name: 'stdin',
    channels: names.map((name) => rulesOf(name, settings(name), 0)),
    delayMs: 0,
    run: async (port, signal) => {
      const reader = new RowReader({ format, columns });
      const splitter = new LineSplitter(LINE_CHARS_MAX);
      const line = (text: string): void => take(text, reader, port);
      const stream = input();
      const stop = (): void => void stream.destroy();
      signal.addEventListener('abort', stop, { once: true });
      try {
        for await (const chunk of stream.setEncoding('utf8')) {
          const before = splitter.tooLong;
          splitter.push(String(chunk), line);
          for (let n = before; n < splitter.tooLong; n++) port.refused();
        }
        splitter.finish(line);
      } catch (cause) {
        if (cause instanceof NodeError) throw cause;
        if (!signal.aborted) {
          throw new NodeError('inputFailed', `standard input cannot be read: ${errorMessage(cause)}`, { cause });
        }
      }
    },
  };
};

const take = (text: string, reader: RowReader, port: SourcePort): void => {
  const outcome = reader.read(text);
  if (outcome === 'refused') port.refused();
  if (outcome === 'otherHeader') {
    const message = `the header on standard input, "${text.slice(0, 200)}", does not name every channel`;
    throw new NodeError('sensorMismatch', `${message}: rename its columns, or give the channels a "read"`);
  }
  if (outcome !== 'row') return;
  const nowMs = port.time.monotonicMs();
  for (const [channel, value] of reader.values.entries()) port.sample(channel, value, nowMs);
  port.row(nowMs);
};
