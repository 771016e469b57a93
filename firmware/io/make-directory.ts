import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorCode } from '../errors.ts';

/**
 * Makes a directory and what is missing above it. Node's own `recursive` says ENOENT on a read-only disk, where the
 * kernel says EROFS, and never ends below /proc.
 *
 * @returns the topmost directory that was made, null when all of it was there
 */
export const makeDirectory = async (path: string): Promise<string | null> => {
  const whole = resolve(path);
  const parent = dirname(whole);
  const made = parent === whole || existsSync(parent) ? null : await makeDirectory(parent);
  try {
    await mkdir(whole);
    return made ?? whole;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return made;
  }
};
