import * as assert from 'uvu/assert';
import { MESH_DEFAULTS, type MeshOptions } from '../../tools/sim/mesh-options.ts';
import { failureOf } from '../../tools/sim/print-mesh.ts';
import { type MeshReport, simulateMesh } from '../../tools/sim/simulate-mesh.ts';

export const run = (options: Partial<MeshOptions>): MeshReport =>
  simulateMesh({ ...MESH_DEFAULTS, ...options }, () => ({ elapsedMs: 0, cpuMs: 0 }));

/**
 * Asserts that every checker is content, those of mass over all sites; what failed names the command that plays it
 * again.
 */
export const sound = (options: Partial<MeshOptions>): MeshReport => {
  const report = run(options);
  assert.is(failureOf(report, { ...MESH_DEFAULTS, ...options }), null);
  return report;
};
