// `npm run bench:anomaly [-- SEED ...]`: what learning without labels is worth, on the simulated pump of these seeds or
// on a recording of yours (`--recording R.csv --train SEGMENTS`). Prints a table; docs/learning-anomaly.md reads it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { root } from '../install.mjs';

ensureBuilt();
const program = fileURLToPath(new URL('../../bench/anomaly.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
