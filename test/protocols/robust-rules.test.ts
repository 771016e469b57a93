import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRule } from '../../protocols/robust/create-defence.ts';
import type { Defence } from '../../protocols/robust/defence.ts';
import { KRUM, MULTI_KRUM } from '../../protocols/robust/krum.ts';
import type { NeighbourhoodRule } from '../../protocols/robust/neighbourhood.ts';
import { MEDIAN, TRIMMED_MEAN } from '../../protocols/robust/trimmed-mean.ts';

const vector = (...values: number[]): Float64Array => Float64Array.from(values);

const combined = (rule: NeighbourhoodRule, ...candidates: Float64Array[]): Float64Array => {
  const out = new Float64Array(candidates[0]!.length);
  rule.combine(candidates, out);
  return out;
};

const points = (...values: number[]): Float64Array[] => values.map((value) => vector(value));

const rules = suite('rules over the last peers');

rules('median and trimmed mean, by hand', () => {
  assert.equal(combined(MEDIAN, vector(1, 9), vector(3, -7), vector(2, 8)), vector(2, 8));
  assert.equal(combined(MEDIAN, ...points(4, 1, 100, 2)), vector(3));
  assert.equal(combined(TRIMMED_MEAN, ...points(-1e9, 1, 2, 3, 4, 5, 1e9)), vector(3));
});

rules('krum chooses from the densest place; multi-krum is the mean of the n - f - 2 best', () => {
  // n = 5, f = 1: two nearest others each. Scores: 0: 1+9, 1: 1+4, 3: 4+9, 10: 49+81, 50: far.
  assert.equal(combined(KRUM, ...points(0, 1, 3, 10, 50)), vector(1));
  assert.equal(combined(MULTI_KRUM, ...points(0, 1, 3, 10, 50)), vector(0.5));
});

rules('of equal candidates krum keeps the own one', () => {
  assert.equal(combined(KRUM, ...points(7, 7, 7, 7, 7)), vector(7));
});

/** As many liars as each rule promises to bear among n candidates. */
const bears = [
  { rule: MEDIAN, liarsOf: (n: number) => (n - 1) >> 1 },
  { rule: TRIMMED_MEAN, liarsOf: (n: number) => Math.floor((n - 1) / 3) },
  { rule: KRUM, liarsOf: (n: number) => Math.floor((n - 3) / 2) },
  { rule: MULTI_KRUM, liarsOf: (n: number) => Math.floor((n - 3) / 2) },
];

for (const { rule, liarsOf } of bears) {
  rules(`${rule.name} stays near the honest ones with all the liars it promises to bear`, () => {
    const near = fc.double({ min: -1, max: 1, noNaN: true });
    const far = fc.oneof(
      fc.double({ min: 100, max: 1e6, noNaN: true }),
      fc.double({ min: -1e6, max: -100, noNaN: true }),
    );
    const cases = fc.integer({ min: 5, max: 13 }).chain((n) => {
      const liars = liarsOf(n);
      return fc.record({
        honest: fc.array(near, { minLength: n - liars, maxLength: n - liars }),
        lies: fc.array(far, { minLength: liars, maxLength: liars }),
      });
    });
    fc.assert(
      fc.property(cases, ({ honest, lies }) => {
        const [admitted] = combined(rule, ...points(...honest, ...lies));
        assert.ok(Math.abs(admitted!) <= 1 + 1e-9, `${admitted}`);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
}

const say = (defence: Defence, peer: string, value: number): number => {
  const admitted = defence.admit(vector(0), peer, vector(value))[0]!;
  return admitted;
};

rules('with fewer candidates than n >= 2f + 3 asks for, krum clips and says so', () => {
  const krum = createRule('krum');
  for (const peer of ['a', 'b', 'c']) {
    say(krum, peer, 1);
    assert.is(krum.latest, 'fellBack');
  }
  assert.is(say(krum, 'c', 1e9), 1, 'clipped to the distance of the others');
  assert.is(krum.latest, 'fellBack');
  say(krum, 'd', 1);
  assert.is(krum.latest, 'replaced');
  krum.forget('d');
  say(krum, 'c', 1);
  assert.is(krum.latest, 'fellBack');
});

rules('a peer that speaks often has one voice in the neighbourhood', () => {
  const median = createRule('median');
  for (const peer of ['a', 'b', 'c']) say(median, peer, 1);
  for (let i = 0; i < 20; i++) say(median, 'liar', 1e6);
  assert.is(say(median, 'd', 1), 1);
});

rules('what the peer handed over is copied and not changed', () => {
  const median = createRule('median');
  const value = vector(1);
  median.admit(vector(0), 'a', value);
  median.admit(vector(0), 'b', value);
  value[0] = 1e9;
  assert.is(say(median, 'c', 1), 1);
});

rules.run();
