// `npm run fuzz -- [--seed N] [--seconds S] [--count N]`: mutated models against the engine, in a process that may die.
import { spawnSync } from 'node:child_process';
import { ensureBuilt } from './build.mjs';
import { root } from './install.mjs';

ensureBuilt();
const program = ['--import', 'tsx', 'test/fuzz/main.ts', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, program, { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
