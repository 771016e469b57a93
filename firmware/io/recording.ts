import type { Readable } from 'node:stream';
import Papa from 'papaparse';
import { RecordingError } from './recording-error.ts';
import { type Recording, RecordingParser, type RecordingSelection } from './recording-parser.ts';
import { openRecordingText } from './recording-source.ts';

export { RecordingError, type RecordingErrorCode } from './recording-error.ts';
export type { Recording, RecordingSelection } from './recording-parser.ts';
export type { RecordingNode } from './recording-table.ts';

/**
 * Reads a recording: CSV with the header `node,segment,t_ms,label,<channel>,...`, optionally gzipped, from a file or
 * (`-`) standard input. Rejects with a RecordingError that names the line and what to do.
 */
export async function readRecording(path: string, selection: RecordingSelection = {}): Promise<Recording> {
  const text = await openRecordingText(path);
  const parser = new RecordingParser(selection);
  try {
    await parseRows(text, (cells, fault) => parser.push(cells, fault));
  } catch (cause) {
    text.destroy();
    if (cause instanceof RecordingError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecordingError('recordingUnreadable', `cannot read ${path}: ${reason}`, { cause });
  }
  return parser.finish();
}

function parseRows(text: Readable, push: (cells: string[], fault?: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed = false;
    const fail = (error: unknown): void => {
      failed = true;
      reject(error);
    };
    Papa.parse<string[]>(text, {
      delimiter: ',',
      newline: '\n', // the CR of a CRLF ends up in the last cell, where numbers ignore it
      chunk: ({ data, errors }, handle) => {
        if (failed) return;
        try {
          const [fault] = errors;
          data.forEach((cells, row) => {
            push(cells, fault?.row === row ? fault.message : undefined);
          });
        } catch (error) {
          fail(error);
          handle.abort();
        }
      },
      complete: () => {
        if (!failed) resolve();
      },
      error: fail,
    });
  });
}
