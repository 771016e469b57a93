import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createNormaliser, quantiseInto, signedLog } from '../../kernels/signal/normalise.ts';

const normalise = suite('normalise');

normalise('applies each feature its own transform, mean and deviation', () => {
  const spec = { transform: ['linear', 'signedLog', 'signedLog'], mean: [1, 0, 1], deviation: [2, 1, 0.5] } as const;
  const out = new Float32Array(3);
  createNormaliser(spec).apply(Float32Array.of(5, Math.E - 1, -(Math.E - 1)), out);
  assert.equal([...out], [2, 1, -4].map(Math.fround));
});

normalise('works in place', () => {
  const values = Float32Array.of(3, 5);
  createNormaliser({ transform: ['linear', 'linear'], mean: [1, 1], deviation: [1, 2] }).apply(values, values);
  assert.equal([...values], [2, 2]);
});

normalise('signed logarithm is odd, monotonic and finite out to the largest f32', () => {
  const points = [0, 1e-30, 0.1, 1, 10, 3.4e38];
  points.reduce((before, x) => {
    assert.is(signedLog(-x) + signedLog(x), 0);
    assert.ok(signedLog(x) > before && Number.isFinite(signedLog(x)));
    return signedLog(x);
  }, -1);
});

normalise('refuses a spec that would divide by zero or leave features out', () => {
  const make = (mean: number[], deviation: number[]) => () =>
    createNormaliser({ transform: ['linear'], mean, deviation });
  assert.throws(make([0], [0]), /deviation must be > 0/);
  assert.throws(make([0], [Number.NaN]), /deviation must be > 0/);
  assert.throws(make([0, 1], [1, 1]), /one entry per feature/);
});

normalise('int8: ties to even, saturation at both ends, NaN at the zero point', () => {
  const out = new Int8Array(7);
  quantiseInto(Float32Array.of(0.25, 0.75, -0.25, 1e9, -Infinity, Number.NaN, 0), 0.5, 10, out);
  assert.equal([...out], [10, 12, 10, 127, -128, 10, 10]);
});

normalise.run();
