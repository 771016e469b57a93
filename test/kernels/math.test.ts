import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cos } from '../../kernels/math/cos.ts';
import { exp } from '../../kernels/math/exp.ts';
import { log } from '../../kernels/math/log.ts';
import { log1p } from '../../kernels/math/log1p.ts';
import { ANGLE_MAX } from '../../kernels/math/reduce-quarter-turns.ts';
import { roundHalfAway } from '../../kernels/math/round-half-away.ts';
import { roundHalfEven } from '../../kernels/math/round-half-even.ts';
import { scaleByPowerOfTwo } from '../../kernels/math/scale-by-power-of-two.ts';
import { sin } from '../../kernels/math/sin.ts';
import { tanh } from '../../kernels/math/tanh.ts';
import { createRandom } from '../../kernels/random.ts';

const math = suite('math');

/** Steps between two doubles of one sign. */
function ulpsApart(a: number, b: number): number {
  if (a === b) return 0;
  const view = new DataView(new ArrayBuffer(16));
  view.setFloat64(0, a);
  view.setFloat64(8, b);
  const steps = view.getBigInt64(0) - view.getBigInt64(8);
  return Number(steps < 0n ? -steps : steps);
}

/** Worst distance to the engine's own function, itself within 1 ulp of the truth. */
function worst(ours: (x: number) => number, theirs: (x: number) => number, low: number, high: number): number {
  const random = createRandom(1, 'math');
  let most = 0;
  for (let i = 0; i < 50_000; i += 1) {
    const x = low + (high - low) * random.float();
    most = Math.max(most, ulpsApart(ours(x), theirs(x)));
  }
  return most;
}

math('exp stays within 1 ulp over its whole range', () => {
  assert.ok(worst(exp, Math.exp, -708, 709.7) <= 1);
  assert.ok(worst(exp, Math.exp, -1, 1) <= 1);
  assert.ok(worst(exp, Math.exp, -745, -708) <= 1, 'subnormal results');
});

math('log stays within 1 ulp, also of subnormals', () => {
  assert.ok(worst(log, Math.log, 0.5, 2) <= 1);
  assert.ok(worst(log, Math.log, 0, 1e9) <= 1);
  assert.ok(worst(log, Math.log, 0, 1e-308) <= 1);
  assert.is(log(5e-324), -744.4400719213812);
});

math('log1p stays within its documented bound', () => {
  assert.ok(worst(log1p, Math.log1p, -0.999, 10) <= 4);
  assert.ok(worst(log1p, Math.log1p, -1e-4, 1e-4) <= 4);
});

math('tanh stays within its documented bound, near zero, across the seam of its two forms and in saturation', () => {
  assert.ok(worst(tanh, Math.tanh, -1e-3, 1e-3) <= 4);
  assert.ok(worst(tanh, Math.tanh, -0.6, 0.6) <= 4);
  assert.ok(worst(tanh, Math.tanh, -25, 25) <= 4);
  assert.equal([-Infinity, -400, 0, 400, Infinity].map(tanh), [-1, -1, 0, 1, 1]);
  assert.ok(Number.isNaN(tanh(Number.NaN)));
});

math('roundHalfAway takes ties away from zero', () => {
  assert.equal([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, -2.4999].map(roundHalfAway), [-3, -2, -1, 1, 2, 3, 2, -2]);
  assert.is(roundHalfAway(0.49999999999999994), 0);
  assert.is(roundHalfAway(-Infinity), -Infinity);
});

math('sin and cos stay within 1 ulp, up to the largest angle', () => {
  for (const [ours, theirs] of [
    [sin, Math.sin],
    [cos, Math.cos],
  ] as const) {
    assert.ok(worst(ours, theirs, -10, 10) <= 1);
    assert.ok(worst(ours, theirs, -ANGLE_MAX, ANGLE_MAX) <= 1);
  }
});

math('sin and cos keep their digits where they cross zero', () => {
  for (let quarter = 1; quarter < 2 ** 20; quarter += quarter < 2000 ? 1 : 97) {
    const x = (quarter * Math.PI) / 2;
    assert.ok(ulpsApart(sin(x), Math.sin(x)) <= 1, `sin(${quarter} quarter turns)`);
    assert.ok(ulpsApart(cos(x), Math.cos(x)) <= 1, `cos(${quarter} quarter turns)`);
  }
});

math('special values', () => {
  const table: readonly (readonly [number, number])[] = [
    [exp(0), 1],
    [exp(710), Infinity],
    [exp(-746), 0],
    [exp(-Infinity), 0],
    [exp(Number.NaN), Number.NaN],
    [log(1), 0],
    [log(0), -Infinity],
    [log(-1), Number.NaN],
    [log(Infinity), Infinity],
    [log1p(-1), -Infinity],
    [log1p(1e-20), 1e-20],
    [log1p(Infinity), Infinity],
    [sin(0), 0],
    [cos(0), 1],
    [sin(Number.NaN), Number.NaN],
  ];
  table.forEach(([got, wanted], row) => {
    assert.ok(Object.is(got, wanted), `row ${row}: ${got}, not ${wanted}`);
  });
});

math('an angle that cannot be reduced is refused, not answered wrongly', () => {
  assert.throws(() => sin(ANGLE_MAX * 1.01), /wrap the phase/);
  assert.throws(() => cos(-Infinity), /wrap the phase/);
});

math('roundHalfEven takes ties to even, both ways, and leaves large doubles alone', () => {
  const table = [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [2.4999999999999996, 2],
    [1e300, 1e300],
  ] as const;
  for (const [x, wanted] of table) assert.is(roundHalfEven(x) + 0, wanted);
});

math('scaling by a power of two is exact and rounds once when it leaves the normal range', () => {
  for (let k = -1074; k <= 1023; k += 1) assert.is(scaleByPowerOfTwo(1, k), 2 ** k);
  assert.is(scaleByPowerOfTwo(1.75, -1074), 1.75 * 2 ** -1074);
  assert.is(scaleByPowerOfTwo(1.5, 1024), Infinity);
});

math.run();
