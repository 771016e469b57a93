import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ATTACK_NAMES, type AttackName } from '../../tools/mesh/attacks.ts';
import { type DefendedOptions, runDefendedFleet } from '../../tools/mesh/defended-fleet.ts';

const FLEET = { nodes: 25, liars: 5, cycles: 60, spread: 0.5, seed: 1, orders: 4, trust: 'judge' } as const;

const run = (settings: Partial<DefendedOptions> & { readonly attack: AttackName }) =>
  runDefendedFleet({ ...FLEET, defence: 'clip', ...settings });

const fleets = suite('learners with a fifth of liars');

fleets('the fleet learns when nobody lies', () => {
  assert.ok(run({ attack: 'alie', liars: 0 }).loss < 0.01);
});

for (const attack of ATTACK_NAMES) {
  fleets(`${attack}: with the default defence the honest lose next to nothing, and quarantine no honest peer`, () => {
    // Four orders: a pair meets every fourth cycle, 30 times; 15 harmful contributions are evidence enough.
    const { loss, honestQuarantined, liarsQuarantined } = run({ attack, cycles: 120 });
    assert.ok(loss < 0.02, `with liars ${loss}`);
    assert.is(honestQuarantined, 0);
    if (attack !== 'alie') assert.ok(liarsQuarantined > 0.9, `${liarsQuarantined} found`);
  });
}

for (const attack of ['signFlip', 'noise', 'ipm'] as const) {
  fleets(`${attack}: without a defence the same fleet is no better than one that never learned`, () => {
    assert.ok(run({ attack, defence: 'none' }).loss > 0.7);
  });
}

fleets('honest peers as far apart as what they have in common are not quarantined', () => {
  assert.is(run({ attack: 'alie', liars: 0, spread: 1 }).honestQuarantined, 0);
});

fleets(
  'one order of the members gives some node a majority of lying partners for ever: clipping alone is not enough',
  () => {
    assert.ok(run({ attack: 'noise', seed: 0, orders: 1, trust: 'rule' }).loss > 1);
    assert.ok(run({ attack: 'noise', seed: 0, orders: 4, trust: 'rule' }).loss < 0.1);
  },
);

fleets.run();
