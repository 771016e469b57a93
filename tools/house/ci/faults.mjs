// What the suite does a few times, done often: gateways killed at random moments, and every fault of a compute worker.
import { run } from './support.mjs';

const KILLS = 300;
/** About six on a quiet machine. */
const MINUTES_MAX = 20;

/** A test file run by itself; its last words. */
export const longTest = (file, env, pattern) => {
  const output = run(process.execPath, ['--import', 'tsx', file], {
    env: { ...env, NO_COLOR: '1' },
    minutes: MINUTES_MAX,
  });
  return output.match(pattern)[0];
};

/** The node with its embedded broker, two at a time, while a hundred labels a second arrive at each. */
export const killMoments = () =>
  longTest('test/end-to-end/kill-moments.test.ts', { KILL_MOMENTS: `${KILLS}` }, /\d+ kills, .*/);

/** A star whose agents and coordinator are killed: real processes, and seeded machines at any step. */
export const starKills = () => {
  const seeds = { STAR_SEEDS: '2000' };
  longTest('test/protocols/coordinator/star-crashes.test.ts', seeds, /Passed: +1/);
  return longTest('test/firmware/star-kill.test.ts', { STAR_KILLS: '200' }, /\d+ kills, .*/);
};

/** Crash, exhausted memory and a loop without end, one after the other in one process. */
export const workerFaults = () => longTest('test/end-to-end/faults.test.ts', { FAULTS_LONG: '1' }, /Passed: +\d+/);
