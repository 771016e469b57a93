// `npm start`: installs and builds what is missing, then runs the node itself with the arguments given.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root, stop } from './install.mjs';

ensureBuilt();
const node = spawn(process.execPath, [join(root, 'dist', 'myrmex.js'), 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  // As the systemd unit has it: a gateway's threads allocate little, and would each keep freed memory of their own.
  env: { MALLOC_ARENA_MAX: '2', ...process.env },
});
node.on('error', (error) => stop(`the node could not be started: ${error.message}`));
// A terminal's Ctrl-C reaches the node directly; this process only waits for its clean end. A service manager's
// SIGTERM reaches this process alone and is handed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => node.kill('SIGTERM'));
node.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
