// Plain JavaScript on purpose: this runs on a fresh clone, before any package (and so any TypeScript loader) exists.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout, with a trailing separator. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Writes one line of chatter where it does not disturb a program's own output. */
export const say = (line) => process.stderr.write(`${line}\n`);

/** Stops the program with a message for a person, without a stack trace. */
export const stop = (message, exitCode = 1) => {
  say(`myrmex: ${message}`);
  process.exit(exitCode);
};

/** Runs a program with its output on standard error; stops with its name when it fails. */
export const runOrStop = (what, command, args) => {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) stop(`${what} could not be started: ${result.error.message}`);
  if (result.status !== 0) stop(`${what} failed (exit code ${result.status}); the lines above say why`);
};

/** Of the optional package; everything but `--engine native` goes without. */
const NATIVE_ADDON = '@tensorflow/tfjs-tflite-node/build/Release/node_tflite_binding.node';

/** Program and arguments that run npm: the very one that runs us, when there is one. */
export const npm = (args) => {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return [process.execPath, [script, ...args]];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
};

/** Installs the locked packages when they are absent or the lock file has changed since. */
export const ensureInstalled = () => {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) stop(`needs Node >= 20, this is ${process.version}: install a current LTS from your package manager`);
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.myrmex-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('myrmex: installing packages (first run, or the lock file changed) ...');
  runOrStop('npm ci', ...npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']));
  writeFileSync(stamp, lock);
  if (!existsSync(join(root, 'node_modules', NATIVE_ADDON))) {
    say('myrmex: the optional native engine was not built (it wants g++, make and python3); the engine "wasm" serves');
  }
};
