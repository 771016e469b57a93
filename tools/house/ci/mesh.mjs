// The mesh: simulated at its promised size, and as processes behind Mosquitto.
import { existsSync } from 'node:fs';
import { lastObject, require, run } from './support.mjs';

const SEEDS = 20;
const MESSAGE_BYTES_MAX = 1_024;
const NODES = 6;
/** Simulated machines take a quarter of a minute to find that nobody has anything, and then average. */
const SECONDS = 45;
/** Promised is a minute on the clock of a quiet machine. Of processor time here, as this one may do something else. */
const SIMULATED_CPU_MS_MAX = 60_000;

const simulate = (...args) =>
  lastObject(run(process.execPath, ['dist/myrmexctl.js', 'sim', 'mesh', ...args, '--json']));

/** At its promised size, the small simulations of the suite with more seeds, and ten minutes without a broker. */
export const simulatedMesh = () => {
  const env = { MYRMEX_MESH_SEEDS: `${SEEDS}` };
  run(process.execPath, ['--import', 'tsx', 'test/tools/sim-mesh.test.ts'], { env });
  const faults = ['--loss', '0.2', '--churn', '0.1', '--seed', '1'];
  const { spread, elapsedMs, cpuMs } = simulate('--nodes', '1024', '--rounds', '200', ...faults);
  require(cpuMs <= SIMULATED_CPU_MS_MAX, `1,024 nodes and 200 rounds took ${cpuMs} ms of processor time`);
  const cut = simulate('--nodes', '24', '--rounds', '200', '--loss', '0.05', '--cut', '600', '--seed', '1');
  const [first, last] = [spread[0], spread.at(-1)].map((value) => value.toFixed(4));
  const [before, after] = [cut.spread[0], cut.spread.at(-1)];
  for (const [name, { ok, found }] of Object.entries(cut.checks)) require(ok !== false, `${name}: ${found.join('; ')}`);
  require(after < before / 10, `after ten minutes without a broker the spread is ${after}, at first ${before}`);
  const took = `${elapsedMs.toFixed(0)} ms, ${cpuMs.toFixed(0)} of the processor`;
  const figures = `1,024 nodes: spread ${first} -> ${last} in ${took}`;
  return `${SEEDS} seeds; ${figures}; broker away for 600 s: ${before.toFixed(4)} -> ${after.toFixed(4)}`;
};

/** Node processes that average through Debian's Mosquitto. */
export const meshOnMosquitto = () => {
  if (!existsSync('/usr/sbin/mosquitto')) return { absent: 'mosquitto is not installed' };
  const flags = ['--nodes', `${NODES}`, '--broker', 'mosquitto', '--seconds', `${SECONDS}`, '--json'];
  const { nodes, messageBytesMax, bytesPerNode } = lastObject(
    run(process.execPath, ['dist/myrmexctl.js', 'sim', 'fleet', ...flags]),
  );
  const cycles = nodes.map(({ meshCycles }) => meshCycles);
  require(nodes.length === NODES && cycles.every((count) => count > 0), `complete cycles: ${cycles.join(', ')}`);
  require(messageBytesMax <= MESSAGE_BYTES_MAX, `a message of ${messageBytesMax} bytes`);
  return `complete cycles ${cycles.join(', ')}; ${bytesPerNode} bytes a node, the largest message ${messageBytesMax}`;
};
