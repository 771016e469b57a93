// `npm run bench:engine [-- ROUNDS]`: our engine against its peers, which are installed into tools/bench/ only by this.
// Prints a table and writes it into docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWasm } from '../build-wasm.mjs';
import { ensureInstalled, npm, root, runOrStop, say } from '../install.mjs';

const folder = join(root, 'tools', 'bench');

/** Installs the peers' locked packages when they are absent or their lock file has changed. */
const installPeers = () => {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules', '.myrmex-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('myrmex: installing what the engine is compared with into tools/bench (about 140 MB) ...');
  // Not `ci`: it asks for packages of @ruvector/sona for other systems, which the registry does not have.
  const how = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  runOrStop('npm install', ...npm(['install', '--prefix', folder, ...how]));
  writeFileSync(stamp, lock);
};

ensureInstalled();
buildWasm();
installPeers();
const program = fileURLToPath(new URL('../../bench/engine.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
