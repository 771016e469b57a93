import { spawnSync } from 'node:child_process';

/** Whether a program of the system is there and starts. */
export const programPresent = (name: string, args: readonly string[]): boolean =>
  spawnSync(name, args, { stdio: 'ignore', timeout: 10_000 }).error === undefined;
