import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { root } from '../install.mjs';

/** Runs the program at a URL with this process's arguments, and ends with its exit code. */
export const runBench = (url) => {
  ensureBuilt();
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(url), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
};
