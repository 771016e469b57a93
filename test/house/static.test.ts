import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './tree.ts';

/** Runs one of the checkers of node_modules/.bin over the whole tree; its findings are the failure's message. */
const check = (command: string, args: readonly string[]): void => {
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', command, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.is(status, 0, `${stdout}${stderr}`);
};

const house = suite('static checks');

house('the compiler finds nothing', () => check('tsc', ['--noEmit']));
house('the formatter and linter find nothing', () => check('biome', ['check', '--error-on-warnings', '.']));

house.run();
