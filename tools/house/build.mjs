// Builds dist/ when its inputs changed: AssemblyScript to wasm, then the bundles.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, root, runOrStop, say } from './install.mjs';

const FLOORS = ['firmware', 'kernels', 'boards', 'protocols', 'tools'];
const SETTINGS = ['package-lock.json', 'package.json', 'rollup.config.js', 'tsconfig.json'];

/** SHA-256 over the names and bytes of everything a bundle is made of. */
const fingerprintOfInputs = () => {
  const hash = createHash('sha256');
  const add = (path) =>
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)));
  for (const name of SETTINGS) add(name);
  for (const floor of FLOORS) {
    const files = readdirSync(join(root, floor), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.generated.ts'))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
      .filter((path) => !path.includes('node_modules'))
      .sort();
    for (const file of files) add(file);
  }
  return hash.digest('hex');
};

/** Installs, compiles the kernels and bundles both programs; does nothing when dist/ is up to date. */
export const ensureBuilt = () => {
  ensureInstalled();
  const stamp = join(root, 'dist', '.inputs');
  const inputs = fingerprintOfInputs();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  say('myrmex: building ...');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  mkdirSync(join(root, 'dist'));
  runOrStop('compiling the kernels', process.execPath, ['tools/house/build-wasm.mjs']);
  runOrStop('bundling', process.execPath, ['node_modules/rollup/dist/bin/rollup', '--config', '--silent']);
  writeFileSync(stamp, inputs);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureBuilt();
