import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { open, rm, rmdir, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { type Budget, inMib, sumOf } from '../../budget.ts';
import { errorCode, errorMessage } from '../../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import { type Finding, finding } from './finding.ts';
import { isCard, isFleeting, mountOf } from './mounts.ts';

/** Less than this, and the first days already fill the disk. */
const FREE_BYTES_MIN = 32 * 1024 * 1024;

/** The directory of what is learned: can it be written, is there room, does it last, is it in use? */
export const examineState = async (directory: string, budget: Budget | null): Promise<Finding[]> => {
  const path = resolve(directory);
  const unwritable = await tryWriting(path);
  if (unwritable !== null) return [finding('state', 'fail', unwritable)];
  const place = existingOf(path);
  const { bavail, bsize } = await statfs(place);
  const found = [room(path, bavail * bsize, budget), ...lasting(place)];
  const owner = statSync(place).uid;
  const us = process.getuid?.() ?? owner;
  if (owner !== us) {
    found.push(finding('state', 'warn', `${place} belongs to user ${owner}, and this is user ${us}: chown it to one`));
  }
  if (await isLocked(path))
    found.push(finding('state', 'warn', `a node runs on ${path} now; a second one will not start`));
  return found;
};

/** The nearest folder above that is there. */
const existingOf = (path: string): string => (existsSync(path) ? path : existingOf(dirname(path)));

/** Why nothing can be written there, or null. What it creates to find out is removed again. */
const tryWriting = async (path: string): Promise<string | null> => {
  const created = existsSync(path) ? null : await makeDirectory(path).catch(() => null);
  const probe = join(path, `.doctor-${randomUUID()}`);
  try {
    const file = await open(probe, 'wx');
    await file.writeFile('written to see whether it can be');
    await file.sync();
    await file.close();
    return null;
  } catch (error) {
    const why: Readonly<Record<string, string>> = {
      ENOENT: 'it is not there and cannot be made: create it and give it to the user of the service',
      ENOTDIR: 'a part of its path is a file: choose another with --state or "state"',
      EACCES: 'this user may not: chown it to the user of the service',
      EROFS: 'its file system is read-only: remount it, or replace a card that has worn out',
      ENOSPC: 'its disk is full: remove something',
    };
    return `${path} cannot be written (${errorMessage(error)}); ${why[errorCode(error)] ?? 'look at the disk'}`;
  } finally {
    await rm(probe, { force: true }).catch(() => {});
    if (created) await removeEmpty(path, created);
  }
};

/** From the innermost outwards, and only what is empty: a node may have begun to use it meanwhile. */
const removeEmpty = async (innermost: string, outermost: string): Promise<void> => {
  try {
    for (let path = innermost; path.length >= outermost.length; path = dirname(path)) await rmdir(path);
  } catch {
    // Not empty any more: it is somebody's now.
  }
};

const room = (path: string, freeBytes: number, budget: Budget | null): Finding => {
  const need = budget === null ? FREE_BYTES_MIN : sumOf(budget.store);
  const text = `${path} has ${inMib(freeBytes)} free`;
  if (freeBytes < FREE_BYTES_MIN) return finding('state', 'fail', `${text}, too little to run: remove something`);
  if (freeBytes < need) {
    return finding('state', 'warn', `${text}; a long time without a broker takes up to ${inMib(need)}: make room`);
  }
  return finding('state', 'ok', text);
};

/** Does what is written there outlive the power, and does the medium? */
const lasting = (path: string): Finding[] => {
  const table = '/proc/self/mountinfo';
  const mount = existsSync(table) ? mountOf(path, readFileSync(table, 'utf8')) : null;
  if (mount === null) return [];
  if (isFleeting(mount)) {
    const text = `${mount.point} is ${mount.type}: what is learned ends with the power or the container`;
    return [finding('disk', 'warn', `${text}; put "state" on a disk or mount a volume`)];
  }
  if (isCard(mount)) {
    return [finding('disk', 'ok', `${mount.source} wears out; the node counts what it writes (bytesWrittenToday)`)];
  }
  return [finding('disk', 'ok', `${mount.source} (${mount.type})`)];
};

const isLocked = async (path: string): Promise<boolean> => {
  if (!existsSync(join(path, 'CURRENT'))) return false;
  const database = new ClassicLevel(path, { createIfMissing: false });
  try {
    await database.open();
    await database.close();
    return false;
  } catch (error) {
    return error instanceof Error && errorCode(error.cause) === 'LEVEL_LOCKED';
  }
};
