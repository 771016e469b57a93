import { errorMessage } from './errors.ts';
import type { Notice } from './log.ts';
import { within } from './within.ts';

/** What must be closed again, in the order it was opened. */
export interface Closers {
  add(close: () => Promise<unknown>): void;
  /**
   * Closes all, last opened first, each once; a failure is told and does not keep the others open.
   *
   * @param msMax for all together: what hangs is told and left to the end of the process
   */
  close(msMax: number): Promise<void>;
}

export const createClosers = (notice: Notice): Closers => {
  const open: (() => Promise<unknown>)[] = [];
  return {
    add: (close) => {
      open.push(close);
    },
    close: async (msMax) => {
      const closeAll = async (): Promise<void> => {
        for (let close = open.pop(); close !== undefined; close = open.pop()) {
          await close().catch((error: unknown) => notice(errorMessage(error), 'warn'));
        }
      };
      if (await within(closeAll(), msMax)) return;
      notice(`broker, store or connection did not close within ${msMax / 1_000} s and were left as they were`, 'warn');
    },
  };
};
