// Signed messages: a hundred thousand hostile ones, and what one costs.
import { longTest } from './faults.mjs';
import { lastObject, require, run } from './support.mjs';

const MUTANTS = 100_000;
/** Of CPU time. The promise is 250 on a quiet machine; this one may be doing something else. */
const ADMITTED_US_MAX = 500;

export const hostileMessages = () =>
  longTest('test/protocols/door.test.ts', { FUZZ_MESSAGES: `${MUTANTS}` }, /\d+ mutants of seed.*/);

export const doorCost = () => {
  const { admittedUs, refusedUs } = lastObject(
    run(process.execPath, ['--import', 'tsx', 'tools/bench/door.ts', '--json']),
  );
  require(admittedUs.whole <= ADMITTED_US_MAX, `${admittedUs.whole} µs to let one in`);
  const [whole, rate] = [admittedUs.whole.toFixed(0), refusedUs.rate.toFixed(1)];
  return `${whole} µs to let one in, ${rate} µs to refuse one beyond the rate`;
};
