import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MESH_DEFAULTS, type MeshOptions } from '../../tools/sim/mesh-options.ts';
import { type MeshReport, simulateMesh } from '../../tools/sim/simulate-mesh.ts';

const run = (options: Partial<MeshOptions>): MeshReport =>
  simulateMesh({ ...MESH_DEFAULTS, nodes: 16, rounds: 80, parameters: 8, liars: 0.2, seed: 1, ...options }, () => ({
    elapsedMs: 0,
    cpuMs: 0,
  }));

const defences = suite('defences in the machines themselves');

defences('the mean of the honest survives a fifth of liars with clip, and is lost with none', () => {
  const { bias, checks } = run({ defence: 'clip' });
  assert.ok(bias < 0.25, `${bias}`);
  assert.is(checks.mean.ok, true, 'weights are kept');
  const undefended = run({ defence: 'none' }).bias;
  assert.ok(undefended > 0.9, `${undefended}`);
});

defences.run();
