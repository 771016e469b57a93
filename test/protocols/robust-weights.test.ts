import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EdgeWeights } from '../../protocols/robust/edge-weights.ts';
import { ROBUST } from '../../protocols/robust/settings.ts';
import { valueFault } from '../../protocols/robust/value-fault.ts';

const weights = suite('weights and shares');

weights('an honest edge is counted in full: even exchanges, weights up to 2, a message lost here and there', () => {
  const edges = new EdgeWeights(ROBUST.trust.edges);
  const exchange = fc.record({
    weight: fc.double({ min: 0.25, max: 1, noNaN: true }),
    lost: fc.integer({ max: 4, min: 0 }),
  });
  fc.assert(
    fc.property(fc.array(exchange, { maxLength: 60 }), (exchanges) => {
      let owed = 0;
      for (const { weight, lost } of exchanges) {
        edges.sent('peer', weight);
        owed += weight;
        if (lost === 0 && owed < 2) continue;
        assert.is(edges.counted('peer', owed), owed);
        owed = 0;
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

weights('a forged weight counts for the slack once, and then for no more than was sent and what has faded', () => {
  const { slack, keep } = ROBUST.trust.edges;
  const edges = new EdgeWeights(ROBUST.trust.edges);
  let [sent, counted] = [0, 0];
  for (let i = 0; i < 100; i++) {
    edges.sent('liar', 0.5);
    sent += 0.5;
    counted += edges.counted('liar', 1000);
  }
  assert.ok(counted - sent <= slack + 100 * (1 - keep) * slack + 1e-9, `${counted} for ${sent}`);
  assert.ok(counted >= sent);
});

weights('edges are kept apart, and their number is bounded', () => {
  const edges = new EdgeWeights({ slack: 1, keep: 1, edges: 2 });
  assert.is(edges.counted('a', 5), 1);
  assert.is(edges.counted('b', 5), 1);
  assert.is(edges.counted('a', 5), 0);
  assert.is(edges.counted('c', 5), 1, 'b, used longest ago, makes room');
  assert.is(edges.counted('a', 5), 0);
});

weights('values that no honest node sends are refused by name', () => {
  assert.is(valueFault(Float64Array.of(0.5, -0.5)), null);
  assert.is(valueFault(Float64Array.of(0, Number.NaN)), 'notFinite');
  assert.is(valueFault(Float64Array.of(Number.NEGATIVE_INFINITY)), 'notFinite');
  assert.is(valueFault(Float64Array.of(-2 * ROBUST.valueMax)), 'absurd');
});

weights.run();
