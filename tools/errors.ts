import { ModelError } from '../kernels/errors.ts';

/** Exit codes of `myrmexctl`: 1 = the input is at fault, 2 = the command line is. */
export type ExitCode = 1 | 2;

/** What a command throws when a person can put it right. The message is one line and says how. */
export class CommandError extends Error {
  /** Stable name of the fault, for scripts. */
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, exitCode: ExitCode = 1) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.exitCode = exitCode;
  }
}

export interface Failure {
  /** One line. */
  readonly message: string;
  readonly exitCode: ExitCode;
}

/** Errors of Node's file system that a wrong path explains, by their code. */
const PATH_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be read or written by this user',
  EISDIR: 'it is a folder, name a file',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

/** Turns whatever a command threw into one line for standard error and an exit code; never a stack trace. */
export function describeFailure(error: unknown): Failure {
  const exitCode = error instanceof CommandError ? error.exitCode : 1;
  return { message: oneLine(explain(error)), exitCode };
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ModelError) return `model refused: ${error.message}`;
  const fault = 'code' in error && typeof error.code === 'string' ? PATH_FAULTS[error.code] : undefined;
  return fault !== undefined && 'path' in error ? `${error.path}: ${fault}` : error.message;
}

/** Messages quote names out of files, which must neither break the line nor steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, '; ').replace(/\p{C}/gu, '?');
}
