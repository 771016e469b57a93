import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AskThreshold } from '../../kernels/learning/ask-threshold.ts';
import { LabelValue } from '../../kernels/learning/label-value.ts';
import { createRandom } from '../../kernels/random.ts';

const asking = suite('asking for labels');

asking('questions follow what is earned over any stretch, whatever the values are', () => {
  const values = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
  const window = fc.record({ value: values, earned: fc.double({ min: 0, max: 0.9, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 400 }), (stream) => {
      const threshold = new AskThreshold();
      let earned = 0;
      let asked = 0;
      for (const { value, earned: now } of stream) {
        earned += now;
        if (threshold.asks(value, now)) asked++;
        // One question may be asked at once; eleven are saved at most.
        assert.ok(asked <= earned + 1 + 1e-9, `${asked} asked, ${earned} earned`);
        assert.ok(asked >= earned - 11, `${asked} asked, ${earned} earned`);
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

asking('a day of twenty questions is neither spent at once nor left, and goes to the windows that are worth it', () => {
  const random = createRandom(3, 'asking');
  const threshold = new AskThreshold();
  const windows = 20_000;
  const hours = new Array<number>(24).fill(0);
  const values: number[] = [];
  for (let w = 0; w < windows; w++) {
    const value = random.float() ** 8;
    if (!threshold.asks(value, 20 / windows)) continue;
    values.push(value);
    hours[Math.floor((w * 24) / windows)]! += 1;
  }
  assert.ok(values.length >= 16 && values.length <= 21, `${values.length} asked`);
  assert.ok(Math.max(...hours) <= 3, `by hour ${hours}`);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(mean > 0.55, `mean value ${mean} where that of all windows is 0.11`);
});

asking('nothing known about any window: the budget is spent all the same', () => {
  const threshold = new AskThreshold();
  let asked = 0;
  for (let w = 0; w < 10_000; w++) if (threshold.asks(0.25, 0.01)) asked++;
  assert.ok(asked >= 90 && asked <= 101, `${asked} of 100`);
});

asking('doubt and disagreement raise the value of a label, likeness to a labelled window lowers it', () => {
  const value = new LabelValue(2, 4);
  const z = Float32Array.of(1, -1);
  const of = (p: readonly number[], experts: readonly number[]): number =>
    value.of(Float32Array.from(p), 0, Int16Array.from(experts), z);
  assert.is(of([1, 0, 0, 0], [0, 0, 0]), 0);
  assert.ok(Math.abs(of([0.25, 0.25, 0.25, 0.25], [1, 2, 3]) - 1) < 1e-6);
  assert.ok(Math.abs(of([0.5, 0.5, 0, 0], [0, 0, 0]) - 0.25) < 1e-6, 'half the entropy there is, all agreed');
  assert.ok(of([0.7, 0.3, 0, 0], [0, 1, 0]) > of([0.7, 0.3, 0, 0], [0, 0, 0]));
  const before = of([0.5, 0.5, 0, 0], [0, 1, 0]);
  value.learned(Float32Array.of(9, 9));
  for (let i = 0; i < 50; i++) of([1, 0, 0, 0], [0, 0, 0]);
  const far = of([0.5, 0.5, 0, 0], [0, 1, 0]);
  value.learned(z);
  const near = of([0.5, 0.5, 0, 0], [0, 1, 0]);
  assert.ok(Math.abs(near - before / 2) < 1e-6, `${near} and ${before}`);
  assert.ok(far > 1.2 * near && far < before, `${far}`);
  assert.is(new LabelValue(2, 0).of(new Float32Array(0), -1, new Int16Array(1), z), 0, 'no classes, no question');
});

asking.run();
