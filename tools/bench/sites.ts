// `npm run bench:sites`: how soon a chain of sites agrees, and what holds two sites together that go on learning.
import { runLearningSites } from '../mesh/learning-sites.ts';
import { MESH_DEFAULTS } from '../sim/mesh-options.ts';
import { simulateMesh } from '../sim/simulate-mesh.ts';

const CYCLES = [10, 40, 120] as const;
const noClocks = () => ({ elapsedMs: 0, cpuMs: 0 });

for (const bridges of [1, 2, 4]) {
  const chain = { nodes: 16, sites: 4, bridges, rounds: 720, precision: 'float64', seed: 1 } as const;
  const { spread, sumError, weightError, messages } = simulateMesh({ ...MESH_DEFAULTS, ...chain }, noClocks);
  const course = CYCLES.map((cycle) => `${((100 * spread[cycle]!) / spread[0]!).toPrecision(2)} %`).join(', ');
  const kept = `Σs off by ${sumError.toExponential(0)}, Σw by ${weightError}; ${messages} messages`;
  console.log(`4 sites of 16, ${bridges} a link: spread after ${CYCLES.join(', ')} cycles ${course}; ${kept}`);
}

for (const apart of [0.2, 0.5, 1]) {
  for (const bridges of [0, 1, 2, 4]) {
    const cells = (['none', 'clip', 'median'] as const).map((defence) => {
      const settings = { size: 8, bridges, defence, apart, cycles: 100, seed: 1 };
      const { error, gap } = runLearningSites(settings);
      return `${defence} ${gap.toFixed(3)} (${error.toFixed(3)})`;
    });
    console.log(`optima ${apart} apart, ${bridges} bridges: gap of the sites (error) ${cells.join(', ')}`);
  }
}
