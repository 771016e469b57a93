import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../../kernels/random.ts';
import { farthest } from '../../../tools/sim/spread.ts';
import { createFleet, type Fleet, type FleetOptions } from '../../support/gossip-fleet.ts';

const exact = suite('gossip: average');
const parts = [
  { offset: 0, length: 5 },
  { offset: 5, length: 3 },
];
const SIZE = 8;

/** Nodes that differ from a common vector, and the mean of all. */
function fleetOf(count: number, options: Partial<FleetOptions> = {}): { fleet: Fleet; mean: Float64Array } {
  const random = createRandom(count, 'fleet');
  const common = Float64Array.from({ length: SIZE }, () => random.normal());
  const starts = Array.from({ length: count }, () => common.map((value) => value + 0.5 * random.normal()));
  const mean = new Float64Array(SIZE);
  for (const start of starts) for (let d = 0; d < SIZE; d++) mean[d] = mean[d]! + start[d]! / count;
  return { fleet: createFleet({ count, parts, start: (i) => starts[i]!, ...options }), mean };
}

const errorOf = ({ fleet, mean }: ReturnType<typeof fleetOf>): number =>
  farthest(
    fleet.nodes.map((_, i) => fleet.estimateOf(i)),
    mean,
  );
const quantumOf = (mean: Float64Array): number =>
  mean.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;

exact('one cycle is the exact mean, for few members and many, powers of two or not', () => {
  for (const count of [2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 33, 63]) {
    const run = fleetOf(count, { precision: 'float64' });
    const effects = run.fleet.cycle();
    assert.ok(errorOf(run) <= 1e-6, `${count}`);
    assert.is(effects.length, count);
    assert.ok(effects.every((effect) => effect.kind === 'mixed' && effect.complete && effect.cycle === 1));
  }
});

exact('learning between cycles moves the mean by the mean of the steps, weighted as the nodes are', () => {
  const run = fleetOf(4, { precision: 'float64' });
  run.fleet.cycle();
  for (const [i, node] of run.fleet.nodes.entries()) node.moved(new Float64Array(SIZE).fill(i));
  run.fleet.cycle();
  const moved = run.mean.map((value) => value + 1.5);
  assert.ok(errorOf({ ...run, mean: moved }) <= 1e-6);
});

exact('what a node learned shows in its estimate at once', () => {
  const { fleet } = fleetOf(2, { precision: 'float64' });
  const before = fleet.estimateOf(0);
  fleet.nodes[0]!.moved(new Float64Array(SIZE).fill(0.25));
  assert.equal(
    fleet.estimateOf(0),
    before.map((value) => value + 0.25),
  );
});

exact('a large adapter is averaged slice by slice over as many cycles', () => {
  const run = fleetOf(6, { precision: 'float64', valuesMax: 3 });
  assert.is(run.fleet.nodes[0]!.holdings.lanes.length, 3);
  run.fleet.cycle();
  assert.ok(errorOf(run) > 1e-3);
  run.fleet.cycle();
  run.fleet.cycle();
  assert.ok(errorOf(run) <= 1e-6);
});

exact('with int8 no mass is lost to rounding: sums stay, and the rest waits with the sender', () => {
  const run = fleetOf(8);
  const total = (): Float64Array => {
    const sum = new Float64Array(SIZE);
    for (const { holdings } of run.fleet.nodes) {
      holdings.masses[0]!.sum.forEach((value, d) => {
        sum[d] = sum[d]! + value;
      });
    }
    return sum;
  };
  const before = total();
  for (let cycle = 0; cycle < 5; cycle++) run.fleet.cycle();
  assert.ok(farthest([total()], before) < 1e-9);
});

exact('with int8 one cycle ends within a level of the mean; whoever met before ends within a hundredth', () => {
  for (const count of [2, 3, 5, 8, 13, 24, 33]) {
    const run = fleetOf(count);
    const levelsOff = (): number => errorOf(run) / quantumOf(run.mean);
    run.fleet.cycle();
    assert.ok(levelsOff() <= 1, `${count} nodes: ${levelsOff()} levels after one cycle`);
    // All orders of the members (order.ts), and as many cycles again.
    for (let cycle = 1; cycle < 32; cycle++) run.fleet.cycle();
    assert.ok(levelsOff() <= 0.01, `${count} nodes: ${levelsOff()} levels after all had met`);
  }
});
exact.run();
