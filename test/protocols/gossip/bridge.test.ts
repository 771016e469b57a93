import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isWaiting, levelMachines, levelMasses } from '../../../protocols/gossip/bridge.ts';
import { createGossip, type Gossip } from '../../../protocols/gossip/gossip.ts';
import { GOSSIP_LIMITS } from '../../../protocols/gossip/limits.ts';
import { Mass } from '../../../protocols/gossip/mass.ts';
import type { GossipOptions } from '../../../protocols/gossip/options.ts';
import { createFleet, LINEAGE } from '../../support/gossip-fleet.ts';

const { grainsPerUnit, weightMin } = GOSSIP_LIMITS;
const LANE = { offset: 0, length: 3, parts: [{ offset: 0, length: 3 }] };

const massOf = (values: readonly number[], grains: number): Mass =>
  new Mass(LANE, Float64Array.from(values), grains, 'float64');
const grainsOf = (masses: readonly Mass[]): number => masses.reduce((sum, { grains }) => sum + grains, 0);
const sumsOf = (masses: readonly Mass[]): readonly number[] =>
  [0, 1, 2].map((d) => masses.reduce((sum, mass) => sum + mass.sum[d]!, 0));
const estimateOf = (mass: Mass | Gossip, size = LANE.length): Float64Array => {
  const out = new Float64Array(size);
  mass.estimate(out);
  return out;
};
const near = (values: Iterable<number>, wanted: Iterable<number>, least = 1e-9): void => {
  const all = [...wanted];
  for (const [i, value] of [...values].entries()) assert.ok(Math.abs(value - all[i]!) <= least, `${value}, ${all[i]}`);
};

const bridge = suite('gossip: bridge');

bridge('two masses meet at their weighted mean, and the first keeps the odd grain', () => {
  const [one, other] = [massOf([4, 0, 1], 3 * grainsPerUnit), massOf([0, 8, 1], grainsPerUnit + 1)];
  levelMasses([one, other]);
  assert.is(one.grains, 2 * grainsPerUnit + 1);
  assert.is(other.grains, 2 * grainsPerUnit);
  near(estimateOf(one), [3, 2, 1], 1e-6);
  near(estimateOf(other), [3, 2, 1], 1e-6);
});

const Values = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 3, maxLength: 3 });
const Grains = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 8 * grainsPerUnit }));

bridge('whatever is levelled: no grain and no sum is lost or made, once more changes nothing, nobody gets more', () => {
  const Masses = fc.array(fc.tuple(Values, Grains), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(Masses, (drawn) => {
      const masses = drawn.map(([values, grains]) => massOf(values, grains));
      const [grains, sums] = [grainsOf(masses), sumsOf(masses)];
      const had = masses.map(({ seasoned }) => seasoned);
      levelMasses(masses);
      assert.is(grainsOf(masses), grains);
      near(sumsOf(masses), sums, 1e-10);
      const level = masses.filter(({ seasoned }) => seasoned);
      const most = Math.max(...level.map((mass) => mass.grains));
      assert.ok(level.length === 0 || level.length > grains || level.every((mass) => most - mass.grains <= 1));
      for (const [i, mass] of masses.entries()) {
        if (mass.seasoned && !had[i]) assert.ok(mass.grains >= weightMin * grainsPerUnit, 'not too thin');
        if (mass.grains > 0 && level.length <= grains) near(estimateOf(mass), estimateOf(level[0]!), 1e-6);
      }
      const after = masses.map(({ grains: left }) => left);
      levelMasses(masses);
      assert.equal(
        masses.map(({ grains: left }) => left),
        after,
      );
    }),
  );
});

bridge('a mass that has had none brings nothing, takes its part, and waits while there is too little', () => {
  const [known, shipped] = [massOf([5, 5, 5], grainsPerUnit), massOf([-9, -9, -9], 0)];
  levelMasses([shipped, known]);
  assert.equal([...estimateOf(shipped)], [5, 5, 5]);
  assert.is(shipped.grains, grainsPerUnit / 2);
  const [little, waiting] = [massOf([5, 5, 5], weightMin * grainsPerUnit), massOf([-9, -9, -9], 0)];
  levelMasses([little, waiting]);
  assert.is(waiting.seasoned, false);
  assert.is(little.grains, weightMin * grainsPerUnit);
  const nobody = [massOf([1, 1, 1], 0), massOf([2, 2, 2], 0)];
  levelMasses(nobody);
  assert.ok(nobody.every(({ seasoned }) => !seasoned));
});

const PARTS = [{ offset: 0, length: 2 }];
const about: Omit<GossipOptions, 'self' | 'entry'> = {
  ...{ generation: 1, lineage: LINEAGE, parts: PARTS, precision: 'float64', roundTimeoutMs: 1_000 },
  values: new Float64Array(2),
};

bridge('every lane of the machines is levelled, and only machines of one kind are', () => {
  const values = Float64Array.of(1, 2);
  const options = { ...about, valuesMax: 1 };
  const machines = [
    createGossip({ ...options, self: 'a', values, entry: 'founder' }),
    createGossip({ ...options, self: 'a', entry: 'guest' }),
    createGossip({ ...options, self: 'a', entry: 'guest' }),
  ];
  assert.ok(isWaiting(machines));
  levelMachines(machines);
  assert.is(isWaiting(machines), false);
  for (const machine of machines) near(estimateOf(machine, 2), values);
  const other = createGossip({ ...about, self: 'a', entry: 'guest' });
  assert.throws(() => levelMachines([machines[0]!, other]), /other lanes/);
  levelMachines([]);
});

/** Machines of two sites of `count` members, the last of the first and an extra member of the second in one gateway. */
const twoSites = (count: number) => {
  const common = { count, parts: PARTS, precision: 'float64' as const };
  const north = createFleet({ ...common, start: (i) => Float64Array.of(i, 8) });
  const south = createFleet({ ...common, count: count + 1, start: (i) => Float64Array.of(-i, 4) });
  const seats = [north.nodes[count - 1]!, south.nodes[count]!];
  const machines = [...north.nodes, ...south.nodes];
  const mean = (): number[] => {
    const grains = machines.reduce((sum, { holdings }) => sum + holdings.masses[0]!.grains, 0);
    return [0, 1].map(
      (d) => (machines.reduce((sum, { holdings }) => sum + holdings.masses[0]!.sum[d]!, 0) / grains) * grainsPerUnit,
    );
  };
  const apart = (): number => {
    const all = machines.map((machine) => estimateOf(machine, 2));
    return Math.max(...all.map(([first = 0]) => Math.abs(first - mean()[0]!)));
  };
  const cycle = (): void => {
    for (const site of [north, south]) {
      site.cycle();
      levelMachines(seats);
    }
  };
  return { seats, mean, apart, cycle };
};

bridge('two sites come to the mean of both, which stays, and what is learned in one counts once', () => {
  const { seats, mean, apart, cycle } = twoSites(4);
  const before = mean();
  const first = apart();
  for (let turn = 0; turn < 60; turn++) cycle();
  near(mean(), before);
  assert.ok(apart() < 1e-3 * first, `${apart()} of ${first}`);
  // What the gateway learns enters the machine of its own site alone: one of nine members moves, not two.
  const weight = seats[0]!.holdings.masses[0]!.weight;
  seats[0]!.moved(Float64Array.of(9, 0));
  for (let turn = 0; turn < 60; turn++) cycle();
  near(mean(), [before[0]! + weight, before[1]!]);
  assert.ok(apart() < 1e-3);
});

bridge('a new site takes over what the other knows: the model as it was shipped gets no say', () => {
  const common = { parts: PARTS, precision: 'float64' as const, roundTimeoutMs: 1_000 };
  const north = createFleet({ ...common, count: 4, start: () => Float64Array.of(7, 7) });
  const south = createFleet({ ...common, count: 4, entry: 'newcomer', start: () => new Float64Array(2) });
  const seats = [north.nodes[3]!, south.nodes[3]!];
  for (let now = 1_000; now <= 60_000; now += 1_000) {
    for (const site of [north, south]) {
      for (const [i, node] of site.nodes.entries()) site.deliver(i, node.tick(now), now);
      site.cycle(now);
      levelMachines(seats);
    }
  }
  const machines = [...north.nodes, ...south.nodes];
  for (const machine of machines) near(estimateOf(machine, 2), [7, 7]);
  assert.is(grainsOf(machines.map(({ holdings }) => holdings.masses[0]!)), 4 * grainsPerUnit);
});

/** One that asks nobody, as nobody else is there, until `endMs`. */
const alone = (entry: GossipOptions['entry'], endMs: number): Gossip => {
  const machine = createGossip({ ...about, self: 'a', entry });
  machine.members([{ name: 'a', generation: 1, present: true }], 0);
  for (let now = 0; now <= endMs; now += 1_000) machine.tick(now);
  return machine;
};

bridge('a guest never gives its own values a say, however long nobody has anything', () => {
  assert.is(alone('newcomer', 40_000).holdings.unseasoned().length, 0);
  assert.is(alone('guest', 4_000_000).holdings.unseasoned().length, 1);
});

bridge.run();
