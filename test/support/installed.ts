import { spawnSync } from 'node:child_process';
import type { Test } from 'uvu';

/** Debian puts some where only root's path goes. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/** Says whether a program can be run here. */
export const isInstalled = (program: string): boolean => {
  process.env.PATH = PATH;
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
};

/** A test that needs programs which Node does not bring; without one of them it is skipped with a line. */
export const programTest = (
  on: Test,
  programs: readonly string[],
  name: string,
  test: () => Promise<void> | void,
): void => {
  const missing = programs.find((program) => !isInstalled(program));
  if (missing === undefined) return void on(name, async () => test());
  console.log(`skipped: "${name}" needs ${missing}`);
  on.skip(name, () => {});
};
