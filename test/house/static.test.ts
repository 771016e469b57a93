import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './tree.ts';

/** Runs one of the checkers of node_modules/.bin over the whole tree; its findings are the failure's message. */
const check = (command: string, args: readonly string[]): void => {
  const program = join(root, 'node_modules', '.bin', command);
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  assert.is(status, 0, `${stdout}${stderr}`);
};

const house = suite('static checks');

// Each checker of the compiler reads the types it needs by itself: one costs half of what four cost together.
house('the compiler finds nothing', () => check('tsc', ['--noEmit', '--checkers', '1']));
house('the formatter and linter find nothing', () => check('biome', ['check', '--error-on-warnings', '.']));

house.run();
