/** How the worker's loop sleeps; loaders sleep in other ways. */
const LOOP_SLEEP_MS = 1_000;

/**
 * The compute worker with one fault: it goes to sleep for the third time and never returns, as a loop without an end
 * would. Everything else is the real one.
 */
const sleep = Atomics.wait;
let sleeps = 0;
Atomics.wait = ((...given: Parameters<typeof sleep>): ReturnType<typeof sleep> => {
  if (given[3] === LOOP_SLEEP_MS) sleeps += 1;
  for (; sleeps >= 3; );
  return sleep(...given);
}) as typeof sleep;

await import('../../firmware/worker/main.ts');

export {};
