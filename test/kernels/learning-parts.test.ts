import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Adam } from '../../kernels/learning/adam.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { checkLearningOptions, defaultLearningOptions } from '../../kernels/learning/options.ts';
import { createScoreboard } from '../../kernels/learning/scoreboard.ts';
import { crossEntropyGradient, softmaxInto } from '../../kernels/learning/softmax.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { seeded } from '../support/models.ts';

const close = (actual: number, expected: number, tolerance: number, what = ''): void => {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual} is not ${expected}`);
};

const parts = suite('parts of learning');

parts('Adam follows algorithm 1 of Kingma and Ba, with decoupled decay', () => {
  const random = seeded(1);
  const values = Float32Array.from({ length: 4 }, random);
  const gradient = new Float64Array(4);
  const adam = new Adam(
    [values.subarray(0, 1), values.subarray(1)],
    [gradient.subarray(0, 1), gradient.subarray(1)],
    [
      { learningRate: 0.01, weightDecay: 0.1 },
      { learningRate: 0.002, weightDecay: 0 },
    ],
  );
  const rates = [0.01, 0.002, 0.002, 0.002];
  const expected = Array.from(values);
  const m = [0, 0, 0, 0];
  const v = [0, 0, 0, 0];
  for (let t = 1; t <= 20; t++) {
    for (let i = 0; i < 4; i++) {
      const g = random() - 0.5;
      gradient[i] = g * 4;
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const step = m[i]! / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
      expected[i] = expected[i]! - rates[i]! * (step + (i === 0 ? 0.1 : 0) * expected[i]!);
    }
    adam.step(1 / 4);
    assert.equal(Array.from(gradient), [0, 0, 0, 0]);
    values.forEach((value, i) => {
      close(value, expected[i]!, 1e-5, `step ${t}`);
    });
  }
});

parts('softmax of int8 logits, and the gradient of the smoothed cross-entropy by finite differences', () => {
  const logits = { data: Int8Array.of(-128, 3, 127, 40), scale: 0.05, zeroPoint: 7 };
  const out = new Float32Array(4);
  softmaxInto(logits, out);
  const real = Array.from(logits.data, (q) => 0.05 * (q - 7));
  const sum = real.reduce((total, z) => total + Math.exp(z), 0);
  out.forEach((p, k) => {
    close(p, Math.exp(real[k]!) / sum, 1e-7);
  });
  const gradient = new Float64Array(4);
  crossEntropyGradient(out, 1, 0.2, gradient);
  const loss = (z: readonly number[]): number => {
    const total = Math.log(z.reduce((s, value) => s + Math.exp(value), 0));
    return z.reduce((s, value, k) => s + (0.2 / 4 + (k === 1 ? 0.8 : 0)) * (total - value), 0);
  };
  gradient.forEach((g, k) => {
    const moved = (h: number): number[] => real.map((z, j) => (j === k ? z + h : z));
    close(g, (loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 1e-6, `logit ${k}`);
  });
  const whole = new CrossEntropy({ logits, classes: 4, labels: { labelOf: (slot) => slot - 6 }, smoothing: 0.2 });
  const same = new Float32Array(whole.size);
  // Less the least that it can be: the entropy of the target.
  const least = -(0.85 * Math.log(0.85) + 3 * 0.05 * Math.log(0.05));
  close(whole.evaluate(7, same), loss(real) - least, 1e-6);
  assert.equal(same, Float32Array.from(gradient));
});

parts('the cross-entropy of a label that the model rules out is finite', () => {
  const logits = { data: Float32Array.of(-1e30, 1e30), scale: 1, zeroPoint: 0 };
  const certain = new CrossEntropy({ logits, classes: 2, labels: { labelOf: (slot) => slot }, smoothing: 0 });
  const gradient = new Float32Array(2);
  close(certain.evaluate(0, gradient), 69, 0.1);
  assert.is(certain.evaluate(1, gradient), 0);
});

parts('softmax of far logits stays finite', () => {
  const out = new Float32Array(2);
  softmaxInto({ data: Float32Array.of(-1e30, 1e30), scale: 1, zeroPoint: 0 }, out);
  assert.equal(Array.from(out), [0, 1]);
});

parts('stream statistics start at the factory, follow the stream and measure the way', () => {
  const random = seeded(3);
  const statistics = new StreamStatistics(2, 50, 400);
  assert.is(statistics.distance(), 0);
  const z = new Float32Array(2);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let i = 0; i < 8000; i++) {
    z[0] = 3 + 2 * normal();
    z[1] = -1 + 0.5 * normal();
    statistics.push(z);
  }
  close(statistics.mean[0]!, 3, 0.3);
  close(Math.sqrt(statistics.variance[0]!), 2, 0.3);
  close(statistics.mean[1]!, -1, 0.1);
  close(Math.sqrt(statistics.variance[1]!), 0.5, 0.1);
  close(statistics.distance(), Math.sqrt((9 + 1 + 1 + 0.25) / 2), 0.3);
  const out = new Float32Array(2);
  statistics.renormalise(Float32Array.of(3, -1), out);
  close(out[0]!, 0, 0.2);
  close(out[1]!, 0, 0.2);
});

parts('with a memory that is not full, statistics are the exact mean and variance with the prior as samples', () => {
  const statistics = new StreamStatistics(1, 4, 1000);
  const values = [1.5, -2, 0.25, 3];
  for (const value of values) statistics.push(Float32Array.of(value));
  const n = 8;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const square = (4 * 1 + values.reduce((sum, value) => sum + value * value, 0)) / n;
  close(statistics.mean[0]!, mean, 1e-6);
  close(statistics.variance[0]!, square - mean * mean, 1e-6);
});

parts('one spike moves statistics by little, and what is not a number by nothing', () => {
  const statistics = new StreamStatistics(2, 100, 1000);
  statistics.push(Float32Array.of(1e30, Number.NaN));
  close(statistics.mean[0]!, 10 / 101, 1e-6);
  assert.is(statistics.mean[1], 0);
  assert.is(statistics.variance[1], 1);
  statistics.push(Float32Array.of(-Infinity, Infinity));
  assert.ok(statistics.distance() < 2);
});

parts('a scoreboard is exact while buckets last, and bounded in memory and error for ever', () => {
  const exact = createScoreboard(['a'], 8);
  for (let i = 0; i < 8; i++) exact.add([i < 4 ? 0 : 1], i % 2, 1);
  assert.is(exact.accuracy('a'), 0.5);
  assert.is(exact.secondHalf('a'), 1);
  assert.is(exact.accuracy('mixture'), 0.5);
  const long = createScoreboard(['a', 'b'], 16);
  for (let i = 0; i < 10_001; i++) long.add([1, i < 5000 ? 0 : 1], 0, 1);
  assert.is(long.count, 10_001);
  assert.is(long.accuracy('a'), 1);
  close(long.accuracy('b'), 5001 / 10_001, 1e-12);
  assert.is(long.secondHalf('a'), 1);
  assert.ok(long.secondHalf('b') > 1 - 2 / 16);
  assert.is(long.secondHalf('mixture'), 0);
  assert.throws(() => long.accuracy('c'), /no expert is called c/);
  assert.throws(() => createScoreboard([], 7), /even number/);
});

parts('a fingerprint tells order, sign and the last bit of a float apart', () => {
  const of = (...values: readonly number[]): string => {
    const fingerprint = new Fingerprint();
    for (const value of values) fingerprint.addFloat(value);
    return fingerprint.text;
  };
  const all = [of(), of(0), of(-0), of(0, 0), of(1, 2), of(2, 1), of(0.1), of(Math.fround(0.1) + 2 ** -27)];
  assert.is(new Set(all).size, all.length);
  assert.match(of(1), /^[0-9a-f]{16}$/);
  assert.is(of(1, 2), of(1, 2));
});

parts('learning options out of range are named', () => {
  checkLearningOptions(defaultLearningOptions);
  assert.throws(() => checkLearningOptions({ ...defaultLearningOptions, rank: 0 }), /learning.rank is 0/);
  assert.throws(() => checkLearningOptions({ ...defaultLearningOptions, share: 1.5 }), /learning.share is 1.5/);
  assert.throws(() => checkLearningOptions({ ...defaultLearningOptions, learningRate: Number.NaN }), /learningRate/);
});

parts.run();
