// What the heavier checks share.
import { spawnSync } from 'node:child_process';
import { root } from '../install.mjs';

const MINUTE_MS = 60_000;

/** Standard output of a program that must end with 0. */
export const run = (command, args, { cwd = root, env = {}, minutes = 10 } = {}) => {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: minutes * MINUTE_MS,
  });
  if (result.status !== 0) {
    const why = result.error?.message ?? result.stdout.slice(-4000);
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}\n${why}`);
  }
  return result.stdout;
};

/** The object that a program printed as its last line. */
export const lastObject = (output) => JSON.parse(output.trimEnd().split('\n').at(-1));

export const require = (condition, message) => {
  if (!condition) throw new Error(message);
};
