// `node tools/house/bench/adapter-pool.mjs [KWS.tflite]`: the figures of a pool of adapters.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildWasm } from '../build-wasm.mjs';
import { root } from '../install.mjs';

buildWasm();
const program = fileURLToPath(new URL('../../bench/adapter-pool.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
