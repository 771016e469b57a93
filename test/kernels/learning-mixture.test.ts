import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Mixture, PROBABILITY_FLOOR, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';

/** A row of probabilities from any positive numbers. */
const distribution = (masses: readonly number[]): number[] => {
  const sum = masses.reduce((total, mass) => total + mass, 0);
  return masses.map((mass) => mass / sum);
};

/** Confidence from none to total, so that both coin tosses and certain mistakes occur. */
const mass = fc.oneof(fc.double({ min: 1e-6, max: 1, noNaN: true }), fc.constantFrom(1e-9, 1e6));

/** Classes, prior, share and a stream of (what every expert said, the label). */
const streams = fc
  .record({ classes: fc.integer({ min: 2, max: 5 }), experts: fc.integer({ min: 2, max: 4 }) })
  .chain(({ classes, experts }) =>
    fc.record({
      classes: fc.constant(classes),
      prior: fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: experts, maxLength: experts }),
      share: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
      labels: fc.array(
        fc.record({
          label: fc.integer({ min: 0, max: classes - 1 }),
          said: fc.array(mass, { minLength: experts * classes, maxLength: experts * classes }),
        }),
        { minLength: 1, maxLength: 60 },
      ),
    }),
  );

const mixtures = suite('mixture of experts');

mixtures('promise: log-loss at most any expert plus ln(1/prior) plus the switching term, for arbitrary streams', () => {
  fc.assert(
    fc.property(streams, ({ classes, prior: masses, share, labels }) => {
      const prior = distribution(masses);
      const mixture = new Mixture({ classes, prior, share });
      const out = new Float32Array(classes);
      const floored = new Float64Array(prior.length);
      const plain = new Float64Array(prior.length);
      let own = 0;
      for (const { label, said } of labels) {
        const rows = prior.map((_, e) => distribution(said.slice(e * classes, (e + 1) * classes)));
        const probabilities = Float32Array.from(rows.flat());
        mixture.combine(probabilities, out);
        own -= Math.log(out[label]!);
        rows.forEach((row, e) => {
          const p = probabilities[e * classes + label]!;
          floored[e]! += -Math.log((1 - PROBABILITY_FLOOR) * p + PROBABILITY_FLOOR / classes);
          plain[e]! += -Math.log(Math.max(p, Number.MIN_VALUE));
          assert.ok(row.length === classes);
        });
        mixture.learn(probabilities, label);
      }
      const rounds = labels.length;
      prior.forEach((p, e) => {
        const switching = (rounds - 1) * Math.log(1 / (1 - share * (1 - p)));
        const promised = Math.log(1 / p) + switching + 1e-5 * rounds;
        assert.ok(own <= floored[e]! + promised, `expert ${e}: ${own} > ${floored[e]} + ${promised}`);
        const flooring = rounds * Math.log(1 / (1 - PROBABILITY_FLOOR));
        assert.ok(own <= plain[e]! + promised + flooring, `expert ${e} without the floor`);
      });
    }),
    { numRuns: 500, seed: 1 },
  );
});

mixtures('promise with a prior that changes: each change adds what it takes from an expert, and no more', () => {
  const changes = fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(
      streams,
      fc.array(changes, { minLength: 60, maxLength: 60 }),
      ({ classes, prior, share, labels }, later) => {
        let present = distribution(prior);
        const mixture = new Mixture({ classes, prior: present, share });
        const out = new Float32Array(classes);
        const promised = present.map((p) => Math.log(1 / p));
        let own = 0;
        labels.forEach(({ label, said }, turn) => {
          if (turn % 3 === 1) {
            const next = distribution(later[turn]!.slice(0, present.length));
            const most = Math.max(...next.map((p, e) => p / present[e]!));
            for (const [e, p] of next.entries()) promised[e] = promised[e]! + Math.log((most * present[e]!) / p);
            mixture.reprior(Float64Array.from(next));
            present = next;
          }
          const rows = present.map((_, e) => distribution(said.slice(e * classes, (e + 1) * classes)));
          const probabilities = Float32Array.from(rows.flat());
          mixture.combine(probabilities, out);
          own -= Math.log(out[label]!);
          present.forEach((p, e) => {
            const told = mixture.floored(probabilities[e * classes + label]!);
            promised[e] = promised[e]! - Math.log(told) + Math.log(1 / (1 - share * (1 - p))) + 1e-5;
          });
          mixture.learn(probabilities, label);
        });
        // The last label's share is not part of the promise, but can only have made it weaker.
        for (const [e, most] of promised.entries()) assert.ok(own <= most, `expert ${e}: ${own} > ${most}`);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

mixtures('a prior that is taken back leaves the weights as they were', () => {
  const prior = [0.5, 0.3, 0.2];
  const mixture = new Mixture({ classes: 2, prior, share: 0 });
  mixture.learn(Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4), 0);
  const before = Array.from(mixture.weights);
  mixture.reprior(Float64Array.of(0.1, 0.1, 0.8));
  assert.ok(mixture.weights[2]! > before[2]!);
  mixture.reprior(Float64Array.from(prior));
  assert.ok(before.every((weight, e) => Math.abs(weight - mixture.weights[e]!) < 1e-12));
});

mixtures('combined probabilities are a distribution whatever was learned', () => {
  fc.assert(
    fc.property(streams, ({ classes, prior: masses, share, labels }) => {
      const mixture = new Mixture({ classes, prior: distribution(masses), share });
      const out = new Float32Array(classes);
      for (const { label, said } of labels) {
        const rows = masses.map((_, e) => distribution(said.slice(e * classes, (e + 1) * classes)));
        mixture.combine(Float32Array.from(rows.flat()), out);
        mixture.learn(Float32Array.from(rows.flat()), label);
        const sum = out.reduce((total, p) => total + p, 0);
        assert.ok(Math.abs(sum - 1) < 1e-5 && out.every((p) => p > 0), `sums to ${sum}`);
        const weight = mixture.weights.reduce((total, w) => total + w, 0);
        assert.ok(Math.abs(weight - 1) < 1e-9 && mixture.weights.every((w) => w >= 0), `weights sum to ${weight}`);
      }
    }),
    { numRuns: 200, seed: 2 },
  );
});

/** Two classes, two experts: the first is right with p, the second with q. */
const saying = (p: number, q: number): Float32Array => Float32Array.from([p, 1 - p, q, 1 - q]);

mixtures('weight goes to whoever is right, and comes back within a few labels of a change', () => {
  const mixture = new Mixture({ classes: 2, prior: [0.5, 0.5], share: 0.01 });
  for (let i = 0; i < 200; i++) mixture.learn(saying(0.9, 0.2), 0);
  assert.ok(mixture.weights[0]! > 0.99);
  let labels = 0;
  while (mixture.weights[1]! < 0.9 && labels < 100) {
    mixture.learn(saying(0.2, 0.9), 0);
    labels++;
  }
  assert.ok(labels <= 6, `took ${labels} labels`);
});

mixtures('the prior favours the first by the advantage, and is where no label has come', () => {
  const prior = priorInFavourOfFirst(3, 1);
  assert.ok(Math.abs(Math.log(prior[0]! / prior[1]!) - 1) < 1e-12);
  assert.is(prior[1], prior[2]);
  assert.ok(Math.abs(prior.reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
  assert.equal(Array.from(new Mixture({ classes: 2, prior, share: 0.1 }).weights), prior);
  assert.throws(() => new Mixture({ classes: 2, prior: [0.5, 0.6], share: 0 }), /must be positive and sum to 1/);
});

mixtures.run();
