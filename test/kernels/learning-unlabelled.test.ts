import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NormalWindows } from '../../kernels/learning/normal-windows.ts';
import { OnlineQuantile } from '../../kernels/learning/online-quantile.ts';
import { ReconstructionLoss } from '../../kernels/learning/reconstruction-loss.ts';
import { type GuardPhase, SlowChangeGuard } from '../../kernels/learning/slow-change-guard.ts';
import { createRandom } from '../../kernels/random.ts';

/** Whole numbers from -128 to 127 fit. */
const BYTES = { scale: 1, zeroPoint: 0 };

const unlabelled = suite('learning without labels');

const lossOf = (y: Float32Array, z: Float32Array, known: number): ReconstructionLoss =>
  new ReconstructionLoss(
    { data: y, scale: 1, zeroPoint: 0 },
    () => z,
    () => known,
  );

unlabelled('the slope of the reconstruction loss equals finite differences, whatever is known already', () => {
  const random = createRandom(5, 'loss');
  for (const known of [0, 0.05, 0.4]) {
    const z = Float32Array.from({ length: 7 }, () => random.normal());
    const y = Float32Array.from({ length: 7 }, () => random.normal());
    const gradient = new Float32Array(7);
    const loss = lossOf(y, z, known);
    const value = loss.evaluate(0, gradient);
    const error = z.reduce((sum, v, i) => sum + (v - y[i]!) ** 2, 0) / 7;
    assert.ok(Math.abs(value - (Math.sqrt(error) - Math.sqrt(known)) ** 2) < 1e-9);
    for (let i = 0; i < 7; i++) {
      const step = 2 ** -8; // exact in float32 beside values of this size, up to a rounding of 1e-7
      const at = (change: number): number => {
        const moved = y.slice();
        moved[i] = y[i]! + change;
        return lossOf(moved, z, known).evaluate(0, new Float32Array(7));
      };
      const slope = (at(step) - at(-step)) / (2 * step);
      assert.ok(Math.abs(gradient[i]! - slope) < 2e-4, `known ${known}, ${i}: ${gradient[i]} for ${slope}`);
    }
  }
});

unlabelled('what is given back as well as on the first day pulls at nothing', () => {
  const gradient = new Float32Array(3).fill(9);
  const [y, z] = [Float32Array.of(1, 2, 3), Float32Array.of(1.1, 1.9, 3.1)];
  assert.is(lossOf(y, z, 0.02).evaluate(0, gradient), 0);
  assert.equal([...gradient], [0, 0, 0]);
  assert.is(lossOf(z, z, 0).evaluate(0, gradient), 0);
  assert.equal([...gradient], [0, 0, 0], 'and a perfect reconstruction is no division by zero');
});

unlabelled('a quantile is found from a wrong guess, in any unit, and followed when the stream moves', () => {
  for (const unit of [1e-6, 1, 1e5]) {
    const random = createRandom(3, 'quantile');
    const draw = (scale: number): number => unit * scale * random.float() ** 2;
    const median = new OnlineQuantile(0.5, 0.01, unit * 50, 1);
    const high = new OnlineQuantile(0.95, 0.01, unit, 1);
    for (const scale of [1, 4, 2]) {
      let [low, tail] = [0, 0];
      for (let i = 0; i < 9_000; i++) {
        const value = draw(scale);
        if (i >= 6_000) low += value > median.value ? 1 : 0;
        if (i >= 6_000) tail += value > high.value ? 1 : 0;
        median.push(value);
        high.push(value);
      }
      assert.ok(Math.abs(low / 3_000 - 0.5) < 0.03, `above the median: ${low / 3_000}`);
      assert.ok(Math.abs(tail / 3_000 - 0.05) < 0.015, `above the 0.95 quantile: ${tail / 3_000}`);
    }
  }
});

unlabelled('a spike is one step, however high it is', () => {
  const quantile = new OnlineQuantile(0.5, 0.02, 1, Number.POSITIVE_INFINITY);
  quantile.push(1e30);
  assert.ok(Math.abs(quantile.value - Math.exp(0.01)) < 1e-12);
  quantile.push(0);
  assert.ok(Math.abs(quantile.value - 1) < 1e-12);
  quantile.clamp(2, 3);
  assert.is(quantile.value, 2);
});

unlabelled('the reservoir grows old evenly: its mean age is its capacity, and no window stays for ever', () => {
  const random = createRandom(1, 'reservoir');
  const normal = new NormalWindows(64, 2, BYTES);
  // A number in two digits of a byte.
  for (let index = 0; index < 5_000; index++) {
    normal.add(index, Float32Array.of(index % 100, Math.floor(index / 100)), random);
  }
  const held = new Float32Array(2);
  const ages = Array.from({ length: 64 }, (_, slot) => {
    normal.replay.read(slot, held);
    return 4_999 - held[0]! - 100 * held[1]!;
  });
  const mean = ages.reduce((sum, age) => sum + age, 0) / 64;
  assert.ok(mean > 45 && mean < 85, `mean age ${mean}`);
  assert.ok(Math.max(...ages) < 800 && Math.min(...ages) < 5);
  assert.ok(ages.filter((age) => age > 64).length > 12, 'a ring of the latest 64 would have none of these');
});

unlabelled('a window that was not normal after all is gone, and after a restart all but one are', () => {
  const random = createRandom(1, 'reservoir');
  const normal = new NormalWindows(8, 1, BYTES);
  for (let index = 0; index < 5; index++) normal.add(index, Float32Array.of(index), random);
  const all = (): number[] => {
    const held = new Float32Array(1);
    return Array.from({ length: normal.count }, (_, slot) => {
      normal.replay.read(slot, held);
      return held[0]!;
    });
  };
  normal.forget(4);
  normal.forget(77);
  assert.equal(all(), [0, 1, 2, 3, 0]);
  normal.restart(9, Float32Array.of(9));
  assert.equal(all(), [9, 9, 9, 9, 9]);
});

const GUARD = { settlingWindows: 100, levelRate: 0.02, riseMax: 1, reach: 3 };

/** Scores around a level that may move, with sudden faults; returns the phase after every window. */
const play = (
  guard: SlowChangeGuard,
  windows: number,
  levelAt: (share: number) => number,
  faulty = 0,
): GuardPhase[] => {
  const random = createRandom(windows, 'guard');
  return Array.from({ length: windows }, (_, index) => {
    const odd = random.float() < faulty;
    guard.push(index, (odd ? 50 : 1) * levelAt(index / windows) * (0.5 + random.float()));
    return guard.phase;
  });
};

unlabelled('the guard lets a steady machine learn for ever, sudden faults or not', () => {
  for (const faulty of [0, 0.1, 0.3]) {
    const guard = new SlowChangeGuard(GUARD);
    const phases = play(guard, 20_000, () => 0.3, faulty);
    assert.is(phases[98], 'settling');
    assert.ok(phases.slice(99).every((phase) => phase === 'learning'));
    assert.ok(Math.abs(guard.usual - 0.3) < 0.08 + 0.3 * faulty, `${guard.usual}`);
  }
});

unlabelled('a slow rise is learned up to what is allowed, however slow it is; then a person is asked', () => {
  for (const windows of [2_000, 20_000, 100_000]) {
    const guard = new SlowChangeGuard(GUARD);
    const phases = play(guard, windows, (share) => 0.3 + 3 * share);
    // The level passes 0.3 + 1 at a third of the way, and the median follows it within some hundred windows.
    const asked = phases.indexOf('asking') / windows;
    assert.ok(asked > 0.25 && asked < 1 / 3 + 300 / windows, `asked at ${asked} of ${windows}`);
    assert.is(phases.at(-1), 'asking');
    assert.ok(guard.rise > 1 && guard.limit < 0.4 + GUARD.reach + 0.1);
  }
});

unlabelled('a machine that is odd from the first day is not thought right by itself', () => {
  const guard = new SlowChangeGuard(GUARD);
  assert.is(play(guard, 400, () => 5).at(-1), 'asking');
  assert.is(guard.granted, 1);
});

unlabelled(
  'an answer counts when it is about now; learning goes on from there, or stands still until another one',
  () => {
    const guard = new SlowChangeGuard(GUARD);
    const asked = play(guard, 2_000, (share) => 0.3 + 2 * share).indexOf('asking');
    assert.not.ok(guard.answers(asked - 1), 'a window from before the question');
    assert.ok(guard.answers(asked));
    guard.confirm(2_000);
    assert.is(guard.phase, 'learning');
    assert.ok(guard.granted > 1.8 && guard.rise === 0, `${guard.granted}`);
    assert.ok(guard.usual < 0.4, 'what the model can be is still what it was on the first days');
    guard.refuse(2_001);
    assert.equal([guard.phase, guard.answers(2_000), guard.answers(2_001)], ['held', false, true]);
    play(guard, 2_000, () => 0.1);
    assert.is(guard.phase, 'held', 'and nothing but a person ends that');
  },
);

unlabelled('when the rise falls back, nobody needs to answer', () => {
  const guard = new SlowChangeGuard(GUARD);
  play(guard, 2_000, (share) => 0.3 + 2 * share);
  assert.is(guard.phase, 'asking');
  play(guard, 2_000, () => 0.3);
  assert.is(guard.phase, 'learning');
});

unlabelled.run();
