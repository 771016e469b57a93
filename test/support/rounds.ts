/**
 * What a heavy test does: `quick` under `npm test`, which is to end within minutes, and `full` under `.ci/run`, which
 * sets MYRMEX_TEST_FULL. Mostly how often it throws its dice; the first throws are the same.
 */
export const rounds = <T>(quick: T, full: T): T => (process.env.MYRMEX_TEST_FULL === '1' ? full : quick);
