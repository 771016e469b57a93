import { setFlagsFromString } from 'node:v8';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allowOptimising, garbageCollector } from '../../firmware/io/v8.ts';
import { OptimiserWatch } from '../../firmware/machines/optimiser-watch.ts';

const code = suite('what V8 holds for a node');

const MINUTE_MS = 60_000;

/** What the watch says minute by minute, when the process uses these shares of a core. */
const looks = (shares: readonly number[]): boolean[] => {
  const watch = new OptimiserWatch(7_000, 900);
  let usedMs = 900;
  return shares.map((share, at) => {
    usedMs += share * MINUTE_MS;
    return watch.look(7_000 + (at + 1) * MINUTE_MS, usedMs);
  });
};

code('the optimiser works through the first five minutes and stops, however little there was to do', () => {
  assert.equal(looks([0.05, 0.05, 0.05, 0.05, 0.05, 0.05]), [true, true, true, true, false, false]);
});

/** After five minutes at this share, the shares until it stops for good. */
const after = (usual: number, ...shares: number[]): string =>
  looks([usual, usual, usual, usual, usual, ...shares])
    .slice(5)
    .map((allowed) => (allowed ? 'x' : '.'))
    .join('');

code('it has five minutes again when the node uses clearly more of the processor than it did', () => {
  assert.is(after(0.1, 0.12, 0.16, 0.1), '...');
  assert.is(after(0.1, 0.18, 0.18, 0.18, 0.18, 0.18, 0.18, 0.18), 'xxxxx..');
  assert.is(after(0.1, 0.18, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), 'xxxxx..');
});

code('what is usual follows the load down, so that less than before is noticed later', () => {
  const quiet = new Array<number>(60).fill(0.05);
  assert.is(after(0.3, ...quiet, 0.2), `${'.'.repeat(60)}x`);
  assert.is(after(0.3, 0.05, 0.2), '..');
});

code('a node that uses half a core or more always has it', () => {
  assert.is(after(0.5, 0.5, 0.6, 0.49, 0.5), 'xx.x');
});

/** Runtime_GetOptimizationStatus, bit 6: code of TurboFan is there (V8 11 to 13). */
const TURBOFANNED = 1 << 6;
setFlagsFromString('--allow-natives-syntax');
const statusOf = new Function('f', 'return %GetOptimizationStatus(f)') as (f: unknown) => number;

/** Calls a new function until V8 has optimised it, at most as often as is needed a hundred times over. */
const optimises = (): boolean => {
  const f = new Function('x', 'return (Math.imul(x, 2654435761) ^ (x >>> 3)) | 0') as (x: number) => number;
  let sum = 0;
  for (let round = 0; round < 2_000; round++) {
    for (let call = 0; call < 10_000; call++) sum = f(sum + call);
    if ((statusOf(f) & TURBOFANNED) !== 0) return true;
  }
  return false;
};

code('V8 leaves a hot function alone while it may not optimise, and optimises it once it may', () => {
  allowOptimising(false);
  const whileForbidden = optimises();
  allowOptimising(true);
  assert.is(whileForbidden, false);
  assert.is(optimises(), true);
});

code('garbage is collected at once, and nobody else is given the means', () => {
  const held = new WeakRef({ bytes: new Array(1_000).fill(0) });
  // A reference that was just made lives until this turn of the event loop has ended.
  return new Promise(setImmediate).then(() => {
    garbageCollector()();
    assert.is(held.deref(), undefined);
    assert.is((globalThis as { gc?: unknown }).gc, undefined);
  });
});

code.run();
