import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runLearningSites } from '../../tools/mesh/learning-sites.ts';
import { bridgesOf, openFleetSites, siteOf } from '../../tools/sim/fleet/sites.ts';
import { WireCount } from '../../tools/sim/fleet/wire-count.ts';
import { MESH_DEFAULTS, type MeshOptions } from '../../tools/sim/mesh-options.ts';
import { commandOf, printMesh } from '../../tools/sim/print-mesh.ts';
import type { MeshReport } from '../../tools/sim/simulate-mesh.ts';
import { halvingCycles, seatsOf } from '../../tools/sim/sites.ts';
import { run, sound } from '../support/simulated-mesh.ts';

const fallOf = ({ spread }: MeshReport): number => spread.at(-1)! / spread[0]!;

const sites = suite('simulated mesh of several sites');

sites('every site but the last has its bridges, each with one machine more in the next', () => {
  const seats = seatsOf({ nodes: 3, sites: 3, bridges: 2 });
  assert.equal(
    seats.slice(0, 9).map(({ site }) => site),
    [0, 0, 0, 1, 1, 1, 2, 2, 2],
  );
  assert.equal(seats.slice(9), [
    { gateway: 0, site: 1 },
    { gateway: 1, site: 1 },
    { gateway: 3, site: 2 },
    { gateway: 4, site: 2 },
  ]);
  assert.is(seatsOf({ nodes: 4, sites: 1, bridges: 2 }).length, 4);
});

sites('a chain comes to the mean of all its gateways; more bridges bring it there sooner', () => {
  const chain = { nodes: 8, sites: 3, rounds: 240, precision: 'float64' } as const;
  const [one, two] = [1, 2].map((bridges) => fallOf(sound({ ...chain, bridges })));
  assert.ok(one! < 0.05 && two! < one! / 10, `${one}, ${two}`);
  const { error } = sound({ ...chain, bridges: 4, rounds: 500 });
  assert.ok(error < 1e-6, `${error}`);
});

sites('loss, crashes of bridges too, and clocks that jump cost time, not mass', () => {
  const faults = { loss: 0.2, churn: 0.4, clockJumps: 0.2 };
  const report = sound({ nodes: 6, sites: 3, bridges: 2, rounds: 300, ...faults });
  assert.not.equal(report.weightDeparted, 0);
  assert.ok(fallOf(report) < 0.2, `${fallOf(report)}`);
});

sites('adapters of several messages cross slice by slice, in int8', () => {
  const { spread } = sound({ nodes: 6, sites: 2, bridges: 2, rounds: 320, parameters: 50, valuesMax: 20 });
  assert.ok(spread.at(-1)! < 0.1 * spread[0]!, `${spread.at(-1)}`);
});

sites('a long chain of large sites is given the time it needs', () => {
  const chain = { nodes: 16, sites: 4, bridges: 1 };
  assert.ok(halvingCycles(chain) > 30 && halvingCycles({ ...chain, bridges: 4 }) < 15);
  assert.is(halvingCycles({ ...chain, sites: 1 }), 0);
});

sites('sites that go on learning are held together by bridges, behind the usual defence too', () => {
  const gapOf = (bridges: number): number =>
    runLearningSites({ size: 8, bridges, defence: 'clip', apart: 0.2, cycles: 60, seed: 1 }).gap;
  const [apart, joined] = [gapOf(0), gapOf(2)];
  assert.ok(joined < apart / 3, `${joined} of ${apart}`);
});

sites('processes are dealt out to sites, of which the first node of each joins the next', async () => {
  const close = async (): Promise<void> => {};
  const three = ['a', 'b', 'c'].map((name) => ({ name, url: `mqtt://${name}`, close }));
  const dealt = [0, 1, 2, 3].map((node) => [
    siteOf(three, node).name,
    ...bridgesOf(three, node).map(({ site }) => site),
  ]);
  assert.equal(dealt, [['a', 'b'], ['b', 'c'], ['c'], ['a']]);
  const refused = openFleetSites(2, 'mqtt://127.0.0.1', new WireCount());
  await refused.then(
    () => assert.unreachable(),
    (error) => assert.is(error.code, 'oneBroker'),
  );
});

sites('a report names its sites, and the command that plays it again', () => {
  const options: MeshOptions = { ...MESH_DEFAULTS, nodes: 3, sites: 2, bridges: 2, rounds: 8 };
  assert.is(commandOf(options), 'myrmexctl sim mesh --nodes 3 --sites 2 --bridges 2 --rounds 8 --defence none');
  assert.match(printMesh(run(options)), /^2 sites of 3 nodes, 2 bridges a link, /);
});

sites.run();
