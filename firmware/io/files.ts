import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage, NodeError } from '../errors.ts';

const CONFIGURATION_BYTES_MAX = 1024 * 1024;

/**
 * Reads a whole file whose size is bounded.
 *
 * @param requireMode throws when the file's permissions are not to be trusted
 * @throws NodeError `fileNotFound`, `fileUnreadable`, `fileTooLarge`, and what `requireMode` throws
 */
export const readBounded = async (
  path: string,
  what: string,
  bytesMax: number,
  requireMode: (mode: number) => void = () => {},
): Promise<Uint8Array> => {
  try {
    const file = await open(path);
    try {
      const { size, mode } = await file.stat();
      requireMode(mode);
      if (size > bytesMax) {
        throw new NodeError('fileTooLarge', `${what} ${path} has ${size} bytes; at most ${bytesMax} are read here`);
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof NodeError) throw cause;
    if (errorCode(cause) === 'ENOENT') throw new NodeError('fileNotFound', `there is no ${what} at ${path}`, { cause });
    throw new NodeError('fileUnreadable', `${what} ${path} cannot be read: ${errorMessage(cause)}`, { cause });
  }
};

/** The same, or null when there is no such file. */
export const readIfThere = async (path: string, what: string, bytesMax: number): Promise<Uint8Array | null> => {
  try {
    return await readBounded(path, what, bytesMax);
  } catch (error) {
    if (error instanceof NodeError && error.code === 'fileNotFound') return null;
    throw error;
  }
};

/** Reads a JSON file; throws NodeError `badConfiguration` when it is none. */
export const readJson = async (path: string): Promise<unknown> => {
  const text = new TextDecoder().decode(await readBounded(path, 'configuration', CONFIGURATION_BYTES_MAX));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NodeError('badConfiguration', `${path} is not JSON: ${errorMessage(cause)}`, { cause });
  }
};

/** The demonstration's model: beside its sources, beside the bundle, or beside the folder of the bundle's chunks. */
export const readDemoModel = (): Promise<Uint8Array> => {
  const name = 'rotating-machine.tflite';
  const places = ['../demo', '.', '..'];
  const found = places.map((place) => new URL(`${place}/${name}`, import.meta.url)).find((url) => existsSync(url));
  if (found === undefined) throw new NodeError('fileNotFound', `the demonstration's model is missing: install again`);
  return readFile(found);
};

/** First 16 hex digits of the SHA-256 of a model file: its name everywhere. */
export const modelHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** Where a node keeps what it learned, unless told otherwise: systemd.exec(5), else the XDG base directories. */
export const stateDirectory = (site: string, node: string): string =>
  process.env.STATE_DIRECTORY?.split(':')[0] ||
  join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'myrmex', site, node);

/**
 * Writes a file whole or not at all, also across a power cut; what one has left behind is taken away.
 *
 * @param mode its owner's eyes only, unless told otherwise
 * @throws NodeError `fileUnwritable`
 */
export const writeWhole = async (path: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> => {
  const temporary = `${path}.new`;
  try {
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new NodeError('fileUnwritable', `${path} cannot be written: ${errorMessage(cause)}`, { cause });
  }
};

/**
 * Takes a file away if it is there; it is gone after a power cut too.
 *
 * @throws NodeError `fileUnwritable`
 */
export const removeWhole = async (path: string): Promise<void> => {
  try {
    await rm(path, { force: true });
    await syncFolder(path);
  } catch (cause) {
    throw new NodeError('fileUnwritable', `${path} cannot be taken away: ${errorMessage(cause)}`, { cause });
  }
};

/** What was made, renamed or removed beside `path` is so after a power cut too (fsync(2), "Notes"). */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
};

/** A directory that ends with the run. */
export const temporaryState = (): Promise<string> => mkdtemp(join(tmpdir(), 'myrmex-'));

export const removeDirectory = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
