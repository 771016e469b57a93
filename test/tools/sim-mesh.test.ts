import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CANARY_NAMES, type CanaryName, MESH_DEFAULTS, type MeshOptions } from '../../tools/sim/mesh-options.ts';
import { commandOf, failureOf } from '../../tools/sim/print-mesh.ts';
import type { MeshReport } from '../../tools/sim/simulate-mesh.ts';
import { run, sound } from '../support/simulated-mesh.ts';

/** More seeds and larger fleets: `.ci/run` sets it. */
const SEEDS = Number(process.env.MYRMEX_MESH_SEEDS ?? 1);
const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);

const mesh = suite('simulated mesh');

mesh('the same seed is the same run, another is another', () => {
  const small = { nodes: 7, rounds: 12, loss: 0.2, churn: 0.3 };
  assert.equal(run(small), run(small));
  assert.not.equal(run(small).spread, run({ ...small, seed: 1 }).spread);
});

mesh('without loss every cycle is complete, by clocks of their own and with messages that come again', () => {
  const { complete, error, messagesPerNodeRound } = sound({ nodes: 11, rounds: 15, precision: 'float64' });
  assert.is(complete, 1);
  assert.ok(error <= 1e-6 && messagesPerNodeRound <= 1);
});

mesh('a fifth of the messages lost: mass is kept, and spread falls geometrically', () => {
  for (const seed of seeds) {
    const { spread } = sound({ nodes: 13, rounds: 120, loss: 0.2, precision: 'float64', seed });
    assert.ok(spread.at(-1)! < 1e-3 * spread[0]!, `${spread}`);
  }
});

mesh('crashes with and without disk: mass changes by what departed', () => {
  for (const seed of seeds) {
    const { weightDeparted } = sound({ nodes: 20, rounds: 90, loss: 0.2, churn: 0.3, seed });
    assert.not.equal(weightDeparted, 0);
  }
});

mesh('partitions and clocks that jump cost time, not mass', () => {
  for (const seed of seeds) {
    const faults = { loss: 0.1, partitions: 1, clockJumps: 0.3, churn: 0.2 };
    const { spread } = sound({ nodes: 12, rounds: 120, ...faults, seed });
    assert.ok(spread.at(-1)! < 0.05, `seed ${seed}: ${spread}`);
  }
});

mesh('ten minutes without a broker: everything resumes, nothing is applied twice', () => {
  for (const seed of seeds) {
    const { spread } = sound({ nodes: 10, rounds: 60, cutMs: 600_000, precision: 'float64', seed });
    assert.ok(spread.at(-1)! < 1e-6);
  }
});

mesh('adapters of several messages go slice by slice', () => {
  const { error } = sound({ nodes: 6, rounds: 40, parameters: 50, valuesMax: 20, precision: 'float64' });
  assert.ok(error <= 1e-6);
});

mesh('a canary is caught by the checkers, each in its own way', () => {
  const caught: Readonly<Record<CanaryName, keyof MeshReport['checks']>> = {
    ...{ appliesTwice: 'once', losesShare: 'mean', ignoresStaleness: 'staleness', bridgeKeeps: 'mean' },
  };
  for (const canary of CANARY_NAMES) {
    const sites = canary === 'bridgeKeeps' ? 2 : 1;
    const report = run({ nodes: 12, sites, rounds: 80, loss: 0.2, duplicates: 0.3, canary });
    assert.is(report.checks[caught[canary]].ok, false, canary);
  }
});

mesh('a failure names the command that plays it again', () => {
  const options: MeshOptions = { ...MESH_DEFAULTS, nodes: 12, rounds: 40, loss: 0.2, seed: 3, canary: 'losesShare' };
  const command = 'myrmexctl sim mesh --nodes 12 --rounds 40 --loss 0.2 --defence none --seed 3 --canary losesShare';
  assert.is(commandOf(options), command);
  assert.ok(failureOf(run(options), options)!.endsWith(`play it again: ${command}\n`));
});
mesh.run();
