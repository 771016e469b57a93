import { NodeError } from '../errors.ts';

export type RecordingErrorCode =
  | 'recordingNotFound'
  | 'recordingUnreadable'
  | 'recordingEmpty'
  | 'recordingMalformed'
  | 'recordingTooLarge'
  | 'unknownSelection';

/** A recording cannot be used; the message names the line, counted from 1 with the header, and what to do. */
export class RecordingError extends NodeError {
  declare readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
    this.name = 'RecordingError';
  }
}
