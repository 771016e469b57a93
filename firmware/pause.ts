const TICK_MS = 5;

/** Never keeps the process alive by itself. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/** Waits until something is so, looked at every 5 ms, but not longer. Does not keep the process alive by itself. */
export const until = async (condition: () => boolean, msMax = Infinity): Promise<void> => {
  for (let waited = 0; !condition() && waited < msMax; waited += TICK_MS) await pause(TICK_MS);
};
