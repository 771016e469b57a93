import { errorMessage } from './errors.ts';

/** What must be closed again, in the order it was opened. */
export interface Closers {
  add(close: () => Promise<unknown>): void;
  /** Closes all, last opened first, each once; a failure is told and does not keep the others open. */
  close(): Promise<void>;
}

export const createClosers = (notice: (text: string) => void): Closers => {
  const open: (() => Promise<unknown>)[] = [];
  return {
    add: (close) => {
      open.push(close);
    },
    close: async () => {
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        await close().catch((error: unknown) => notice(errorMessage(error)));
      }
    },
  };
};
