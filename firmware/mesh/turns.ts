/** Work that must be done one piece after the other, each of which waits for another thread. */
export interface Turns {
  /** False when too much waits: then it is not done. */
  take(work: () => Promise<void>): boolean;
  /** Resolves when all that was taken is done. */
  settled(): Promise<void>;
}

/**
 * @param waitingMax pieces that may wait
 * @param failed hears what went wrong in one; the next goes on
 */
export const createTurns = (waitingMax: number, failed: (error: unknown) => void): Turns => {
  let waiting = 0;
  let last = Promise.resolve();
  return {
    take: (work) => {
      if (waiting >= waitingMax) return false;
      waiting++;
      last = last
        .then(work)
        .catch(failed)
        .finally(() => {
          waiting--;
        });
      return true;
    },
    settled: () => last,
  };
};
