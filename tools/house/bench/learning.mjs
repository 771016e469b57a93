// `npm run bench:learning [-- ROUNDS]`: what one gradient step takes, compiled and plain.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildWasm } from '../build-wasm.mjs';
import { ensureInstalled, root } from '../install.mjs';

ensureInstalled();
buildWasm();
const program = fileURLToPath(new URL('../../bench/learning.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
