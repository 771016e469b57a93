import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Context } from '../../kernels/learning/context.ts';
import { LinearClassifier } from '../../kernels/learning/linear-classifier.ts';
import { LinearExpert } from '../../kernels/learning/linear-expert.ts';
import { argmax } from '../../kernels/learning/softmax.ts';
import { Temperature } from '../../kernels/learning/temperature.ts';
import { createRandom } from '../../kernels/random.ts';

/** Gauss with partial pivoting: x of A x = b. */
const solve = (a: readonly (readonly number[])[], b: readonly number[]): number[] => {
  const rows = a.map((row, i) => [...row, b[i]!]);
  const n = rows.length;
  for (let c = 0; c < n; c++) {
    const pivot = rows
      .slice(c)
      .reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(rows[best]![c]!) ? c + i : best), c);
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = rows[r]![c]! / rows[c]![c]!;
      for (let k = c; k <= n; k++) rows[r]![k]! -= factor * rows[c]![k]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
};

/** Weights of class k by the normal equations of ridge regression, λ = 1. */
const ridge = (windows: readonly Float32Array[], labels: readonly number[], k: number): number[] => {
  const x = windows.map((z) => [...z, 1]);
  const n = x[0]!.length;
  const gram = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => x.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? 1 : 0)),
  );
  const right = Array.from({ length: n }, (_, i) =>
    x.reduce((sum, row, w) => sum + (labels[w] === k ? row[i]! : 0), 0),
  );
  return solve(gram, right);
};

const drawn = (count: number, features: number, classes: number) => {
  const random = createRandom(5, 'linear');
  const windows = Array.from({ length: count }, () => Float32Array.from({ length: features }, () => random.normal()));
  return { windows, labels: windows.map(() => random.integer(classes)) };
};

/** Of a frozen model that is not asked. */
const said = new Float32Array(3);

const experts = suite('experts without a model');

experts('linear: after any number of labels the weights are those of ridge regression on all of them', () => {
  const { windows, labels } = drawn(40, 7, 3);
  const classifier = new LinearClassifier(7, 3);
  windows.forEach((z, i) => {
    classifier.learn(z, labels[i]!);
    if (i % 13 !== 0) return;
    for (let k = 0; k < 3; k++) {
      const expected = ridge(windows.slice(0, i + 1), labels.slice(0, i + 1), k);
      const weights = classifier.weights.subarray(k * 8, k * 8 + 8);
      for (let f = 0; f < 8; f++) assert.ok(Math.abs(weights[f]! - expected[f]!) < 1e-9, `label ${i}, class ${k}`);
    }
  });
});

experts('linear: a corrected label leaves what the right one would have made', () => {
  const { windows, labels } = drawn(30, 5, 3);
  const corrected = new LinearClassifier(5, 3);
  const right = new LinearClassifier(5, 3);
  windows.forEach((z, i) => {
    corrected.learn(z, i % 4 === 0 ? (labels[i]! + 1) % 3 : labels[i]!);
    right.learn(z, labels[i]!);
  });
  windows.forEach((z, i) => {
    if (i % 4 === 0) corrected.relabel(z, (labels[i]! + 1) % 3, labels[i]!);
  });
  corrected.weights.forEach((w, i) => {
    assert.ok(Math.abs(w - right.weights[i]!) < 1e-9);
  });
});

experts(
  'linear: spikes and many labels of one window keep it finite, and before the first label it knows nothing',
  () => {
    const expert = new LinearExpert({ features: 4, opinions: 0, classes: 3, share: 0.01 });
    const out = new Float32Array(3);
    expert.read(new Float32Array(4), said, out);
    for (const p of out) assert.ok(Math.abs(p - 1 / 3) < 1e-6);
    for (let i = 0; i < 3_000; i++) expert.learn(new Float32Array([1e30, -1e30, 1, 0]), said, i % 50 === 0 ? 1 : 0);
    expert.read(new Float32Array([1e30, -1e30, 1, 0]), said, out);
    assert.is(argmax(out), 0);
    assert.ok(out.every((p) => p > 0 && p < 1));
  },
);

experts('linear: reading the frozen model it keeps to it where the model was right, whatever came later', () => {
  const random = createRandom(3, 'stacking');
  const drawZ = (): Float32Array => Float32Array.from({ length: 6 }, () => random.normal());
  /** The machine as shipped: a threshold on a product, which no line can tell; the model knows it. */
  const shipped = (z: Float32Array): number => (z[0]! * z[1]! > 0 ? 1 : 0);
  const sure = (label: number): Float32Array => Float32Array.from([0, 1], (k) => (k === label ? 0.95 : 0.05));
  /** The machine of today is told apart by another sensor; the model says the same of all of it. */
  const today = (): { z: Float32Array; said: Float32Array; label: number } => {
    const z = drawZ();
    z[5] = 3;
    return { z, said: sure(1), label: z[2]! > 0 ? 1 : 0 };
  };
  const share = (opinions: number): { before: number; now: number } => {
    const expert = new LinearExpert({ features: 6, opinions, classes: 2, share: 0.01 });
    const out = new Float32Array(2);
    const judge = (z: Float32Array, opinion: Float32Array): number => {
      expert.read(z, opinion, out);
      return argmax(out);
    };
    for (let i = 0; i < 60; i++) {
      const z = drawZ();
      for (let time = 0; time < 4; time++) expert.restore(z, sure(shipped(z)), shipped(z));
    }
    for (let i = 0; i < 200; i++) {
      const { z, said: opinion, label } = today();
      expert.learn(z, opinion, label);
    }
    let before = 0;
    let now = 0;
    for (let i = 0; i < 400; i++) {
      const z = drawZ();
      if (judge(z, sure(shipped(z))) === shipped(z)) before++;
      const later = today();
      if (judge(later.z, later.said) === later.label) now++;
    }
    return { before: before / 400, now: now / 400 };
  };
  const [stacked, alone] = [share(2), share(0)];
  assert.ok(alone.before < 0.7, `alone ${alone.before}`);
  assert.ok(stacked.before > 0.8, `stacked ${stacked.before}`);
  assert.ok(stacked.now > 0.7, `stacked, today ${stacked.now}`);
});

const rows = fc.array(fc.double({ min: 1e-4, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });

experts('temperature: keeps the order of the classes, sums to 1, and costs at most ln 2 and the switching term', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(rows, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 60 }), (stream) => {
      const temperature = new Temperature(3, 0.01);
      const out = new Float32Array(3);
      let own = 0;
      let plain = 0;
      for (const [masses, label] of stream) {
        const sum = masses.reduce((total, mass) => total + mass, 0);
        const p = Float32Array.from(masses, (mass) => mass / sum);
        temperature.apply(p, out);
        assert.ok(Math.abs(out.reduce((total, q) => total + q, 0) - 1) < 1e-5);
        for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) if (p[a]! > p[b]!) assert.ok(out[a]! >= out[b]!);
        own -= Math.log(out[label]!);
        plain -= Math.log(0.99 * p[label]! + 0.01 / 3);
        temperature.learn(p, label);
      }
      const switching = (stream.length - 1) * Math.log(1 / (1 - 0.01 * 0.5));
      assert.ok(own <= plain + Math.log(2) + switching + 1e-4 * stream.length, `${own} > ${plain}`);
    }),
    { numRuns: 200, seed: 3 },
  );
});

experts('temperature: an expert that is too sure, or not sure enough, ends as sure as it is right', () => {
  for (const [said, truth] of [
    [0.97, 0.75],
    [0.65, 0.88],
  ] as const) {
    const random = createRandom(1, 'temperature');
    const temperature = new Temperature(2, 0.01);
    const p = new Float32Array([said, 1 - said]);
    const out = new Float32Array(2);
    for (let i = 0; i < 400; i++) temperature.learn(p, random.float() < truth ? 0 : 1);
    temperature.apply(p, out);
    assert.ok(Math.abs(out[0]! - truth) < 0.06, `${said} became ${out[0]}, right are ${truth}`);
  }
});

experts(
  'context: neighbours decide what a window leaves open; a label of the latest window counts, an older one does not',
  () => {
    const context = new Context(3);
    const out = new Float32Array(3);
    for (let i = 0; i < 4; i++) {
      context.combine(new Float32Array([0.7, 0.2, 0.1]), out);
      context.follow(i, out);
    }
    context.combine(new Float32Array([0.4, 0.5, 0.1]), out);
    assert.is(argmax(out), 0);
    context.combine(new Float32Array([0.02, 0.97, 0.01]), out);
    assert.is(argmax(out), 1, 'clear evidence wins');
    const before = Array.from(context.belief);
    context.learn(2, 1);
    assert.equal(Array.from(context.belief), before);
    context.learn(3, 2);
    context.combine(new Float32Array([0.4, 0.2, 0.4]), out);
    assert.is(argmax(out), 2);
    assert.ok(Math.abs(context.belief.reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
  },
);

experts.run();
