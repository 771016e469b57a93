import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LABELLERS_MAX, LabelPool } from '../../firmware/machines/label-pool.ts';
import { createRandom } from '../../kernels/random.ts';

const pools = suite('pooled labels');

/** Three people right so often label windows of `classes` classes; how often each, and the pool, was right. */
const simulate = (rights: readonly number[], windows: number, classes = 4) => {
  const random = createRandom(3, 'labellers');
  const pool = new LabelPool(classes);
  const right = { pool: 0, majority: 0 };
  for (let w = 0; w < windows; w++) {
    const truth = random.integer(classes);
    const votes = new Array<number>(classes).fill(0);
    let standing = -1;
    rights.forEach((chance, person) => {
      const said = random.float() < chance ? truth : (truth + 1 + random.integer(classes - 1)) % classes;
      votes[said]!++;
      pool.add(`1-${w}`, `person ${person}`, said, 1);
      standing = pool.decide(`1-${w}`, standing < 0 ? said : standing);
    });
    if (w < windows / 2) continue;
    right.pool += standing === truth ? 1 : 0;
    right.majority += votes.indexOf(Math.max(...votes)) === truth ? 1 : 0;
  }
  return { pool, right };
};

pools('the careful one is found out by agreement alone, and outweighs two careless ones', () => {
  const { pool, right } = simulate([0.95, 0.55, 0.5], 600);
  assert.ok(pool.reliability('person 0') > 0.72, `careful ${pool.reliability('person 0')}`);
  assert.ok(pool.reliability('person 1') < 0.68, `careless ${pool.reliability('person 1')}`);
  assert.ok(right.pool > right.majority + 15, `pool ${right.pool}, majority ${right.majority} of 300`);
});

pools('confidence counts: one who is sure outweighs one who guesses; of equals the first stands', () => {
  const pool = new LabelPool(3);
  pool.add('1-1', 'ann', 0, 0.4);
  pool.add('1-1', 'ben', 2, 1);
  assert.is(pool.decide('1-1', 0), 2);
  pool.add('1-2', 'ann', 0, 1);
  pool.add('1-2', 'cleo', 1, 1);
  assert.is(new LabelPool(3).decide('1-9', 1), 1, 'nobody has spoken');
  const fresh = new LabelPool(3);
  fresh.add('1-3', 'dan', 2, 1);
  fresh.add('1-3', 'eve', 1, 1);
  assert.is(fresh.decide('1-3', 2), 2);
});

pools('one who answers alone, or twice, gains no record by it', () => {
  const pool = new LabelPool(3);
  for (let w = 0; w < 50; w++) pool.add(`1-${w}`, 'ann', 0, 1);
  pool.add('1-1', 'ann', 1, 1);
  assert.equal(pool.trackRecords, [{ by: 'ann', right: 0, wrong: 0 }]);
  pool.add('1-1', 'ben', 1, 1);
  const { right, wrong } = pool.trackRecords[0]!;
  assert.ok(Math.abs(right + wrong - 1) < 1e-12, 'a window counts once');
});

pools('whatever comes, records are bounded, finite and survive a restart', () => {
  const opinion = fc.record({
    window: fc.integer({ min: 0, max: 5 }),
    by: fc.integer({ min: 0, max: LABELLERS_MAX + 20 }),
    label: fc.integer({ min: 0, max: 3 }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(opinion, { maxLength: 120 }), (opinions) => {
      const pool = new LabelPool(4);
      for (const { window, by, label, confidence } of opinions) pool.add(`1-${window}`, `p${by}`, label, confidence);
      assert.ok(pool.trackRecords.length <= LABELLERS_MAX);
      for (const { by, right, wrong } of pool.trackRecords) {
        assert.ok(right >= 0 && wrong >= 0 && Number.isFinite(right + wrong));
        assert.is(new LabelPool(4, pool.trackRecords).reliability(by), pool.reliability(by));
      }
      const decided = pool.decide('1-0', 1);
      assert.ok(decided >= 0 && decided < 4);
    }),
    { numRuns: 60, seed: 4 },
  );
});

pools.run();
