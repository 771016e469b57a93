import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../kernels/random.ts';
import { createCodec } from '../../protocols/codec.ts';
import { readPrivacyTotal, writePrivacyTotal } from '../../protocols/privacy/privacy-total.ts';
import { PrivateUpdates } from '../../protocols/privacy/private-updates.ts';
import { epsilonAt, gaussianEpsilon, gaussianRho } from '../../protocols/privacy/renyi.ts';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

const OPTIONS = { clipNorm: 2, noiseMultiplier: 3, delta: 1e-5, epsilonMax: 8 };
const silent = (): number => 0;

/** Complementary error function to 1e-7 of itself (Numerical Recipes §6.2, erfcc), for the exact bound. */
const erfc = (x: number): number => {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const series = terms.reduceRight((sum, term) => sum * t + term, 0);
  const value = t * Math.exp(-x * x + series);
  return x >= 0 ? value : 2 - value;
};

const privacy = suite('privacy');

privacy('published: z = 4.530877117 is (1, 1e-6), as in the tests of google/differential-privacy', () => {
  // python/dp_accounting/rdp/rdp_privacy_accountant_test.py, test_compute_epsilon_delta_gaussian.
  near(gaussianEpsilon(gaussianRho(4.530877117), 1e-6), 1, 1e-4);
});

privacy('published: a divergence of 1.1 at order 32 is 1.32783806176 at δ = 1e-5', () => {
  // The same file, test_compute_epsilon_delta_pure_dp.
  near(epsilonAt(32, 1.1, 1e-5), 1.32783806176, 1e-10);
});

privacy('never below what the Gaussian mechanism exactly gives away, and not far above', () => {
  // Balle and Wang 2018 (arXiv 1805.06530), theorem 8.
  const exactDelta = (z: number, epsilon: number): number => {
    const tail = (x: number): number => erfc(x / Math.SQRT2) / 2;
    return tail(epsilon * z - 1 / (2 * z)) - Math.exp(epsilon) * tail(epsilon * z + 1 / (2 * z));
  };
  for (const z of [0.7, 1, 2, 5]) {
    for (const delta of [1e-3, 1e-5]) {
      const epsilon = gaussianEpsilon(gaussianRho(z), delta);
      assert.ok(exactDelta(z, epsilon) <= delta * 1.001, `z ${z}, δ ${delta}`);
      assert.ok(exactDelta(z, 0.8 * epsilon) > delta, `z ${z}, δ ${delta}: far too pessimistic`);
    }
  }
});

privacy('releases add up: n with z are one with z / sqrt(n), and more noise always costs less', () => {
  const updates = new PrivateUpdates(OPTIONS, silent, null);
  for (let i = 0; i < 4; i++) assert.ok(updates.release(new Float64Array(3)));
  near(updates.epsilon, gaussianEpsilon(gaussianRho(1.5), 1e-5), 1e-12);
  const multiplier = fc.double({ min: 0.1, max: 100, noNaN: true });
  fc.assert(
    fc.property(multiplier, multiplier, (a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(gaussianEpsilon(gaussianRho(more), 1e-6) <= gaussianEpsilon(gaussianRho(less), 1e-6));
    }),
    { numRuns: 50, seed: 1 },
  );
});

privacy('an update is clipped to the norm, a shorter one is left as it is', () => {
  const updates = new PrivateUpdates(OPTIONS, silent, null);
  const long = Float64Array.of(30, 40);
  updates.release(long);
  assert.equal(
    [...long].map((value) => Math.round(value * 1e12) / 1e12),
    [1.2, 1.6],
  );
  const short = Float64Array.of(0.3, -0.4);
  updates.release(short);
  assert.equal(short, Float64Array.of(0.3, -0.4));
});

privacy('the noise has z clipping norms of standard deviation in every coordinate', () => {
  const updates = new PrivateUpdates(OPTIONS, createRandom(1).normal, null);
  const update = new Float64Array(20_000);
  updates.release(update);
  near(Math.sqrt(update.reduce((sum, value) => sum + (value * value) / update.length, 0)), 6, 0.1);
});

privacy('at the end of the budget nothing is shared, and nothing is spent', () => {
  const updates = new PrivateUpdates(OPTIONS, silent, null);
  let shared = 0;
  while (updates.release(Float64Array.of(1)) && shared < 1000) shared += 1;
  assert.ok(shared > 5 && shared < 100, `${shared}`);
  assert.ok(updates.epsilon <= OPTIONS.epsilonMax);
  const update = Float64Array.of(1);
  const before = updates.total;
  assert.not(updates.release(update));
  assert.equal(update, Float64Array.of(0));
  assert.equal(updates.total, before);
});

privacy('what is not finite is not shared', () => {
  const updates = new PrivateUpdates(OPTIONS, silent, null);
  const update = Float64Array.of(Number.NaN, 1);
  assert.not(updates.release(update));
  assert.equal(update, new Float64Array(2));
});

privacy('the total goes through bytes without losing a release, and goes on from there', () => {
  const codec = createCodec();
  const total = { rho: 1000 + 2 ** -40, releases: 123_456 };
  const bytes = writePrivacyTotal(codec, total);
  assert.equal(readPrivacyTotal(codec, bytes), total);
  assert.is(Buffer.from(bytes).toString('hex'), '846770726976616379011a0001e240480800000000408f40');
  const updates = new PrivateUpdates(OPTIONS, silent, total);
  assert.is(updates.release(Float64Array.of(1)), false, 'the budget was spent before');
});

privacy('bytes that are no total are refused: what was spent is then unknown', () => {
  const codec = createCodec();
  const sound = writePrivacyTotal(codec, { rho: 1, releases: 1 });
  for (let length = 0; length < sound.length; length++)
    assert.is(readPrivacyTotal(codec, sound.subarray(0, length)), null);
  const nan = writePrivacyTotal(codec, { rho: Number.NaN, releases: 1 });
  assert.is(readPrivacyTotal(codec, nan), null);
  assert.is(readPrivacyTotal(codec, codec.encode(['privacy', 2, 1, new Uint8Array(8)])), null);
  assert.is(readPrivacyTotal(codec, codec.encode(['privacy', 1, -1, new Uint8Array(8)])), null);
});

privacy.run();
