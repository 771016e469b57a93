/**
 * What the world did to the node: a port in use, a locked directory, a file that is not there. The message is one line
 * that says what happened and what to do; `code` never changes once published.
 */
export class NodeError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'NodeError';
    this.code = code;
  }
}

/** The `code` of a system or library error (`EADDRINUSE`, `LEVEL_LOCKED`, …), or an empty text. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** One line for a person, whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
