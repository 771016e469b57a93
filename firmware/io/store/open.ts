import { ClassicLevel } from 'classic-level';
import { errorCode, NodeError } from '../../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import { diskTrouble } from './disk-trouble.ts';
import type { Database } from './write-queue.ts';

/** Instead of LevelDB's 4 and 8 MiB: the whole state is a few MB, and memory is counted. */
const WRITE_BUFFER_BYTES = 512 * 1024;
/** What is stored is read at start only; a larger cache would fill for hours with what nobody asks for. */
const CACHE_BYTES = 128 * 1024;

/**
 * Opens the database, creating what is missing. A damaged one is repaired once (LevelDB keeps every record it can still
 * read) and `notice` is told: a gateway beside a machine must start again after a bad write without a person.
 *
 * @throws NodeError `storeLocked` when another process has it, `storeOpen` for anything else
 */
export async function openDatabase(directory: string, notice: (text: string) => void): Promise<Database> {
  try {
    await makeDirectory(directory);
    return await open(directory);
  } catch (error) {
    if (reason(error) !== 'LEVEL_CORRUPTION') throw explained(directory, error);
  }
  try {
    await ClassicLevel.repair(directory);
    const database = await open(directory);
    notice(`the state in ${directory} was damaged and has been repaired; what was unreadable is gone`);
    return database;
  } catch (error) {
    throw explained(directory, error);
  }
}

async function open(directory: string): Promise<Database> {
  const database: Database = new ClassicLevel(directory, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: CACHE_BYTES,
  });
  await database.open();
  return database;
}

/** classic-level wraps the reason: `LEVEL_DATABASE_NOT_OPEN` with the code of interest on its cause. */
function reason(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? errorCode(error.cause) : errorCode(error);
}

function explained(directory: string, error: unknown): NodeError {
  if (reason(error) === 'LEVEL_LOCKED') {
    const message = `another process uses the state in ${directory}; stop it or choose another --state directory`;
    return new NodeError('storeLocked', message, { cause: error });
  }
  return unwritable(directory, error);
}

/** Without a boot counter on disk a node must not begin: it would give one id to two windows. */
export function unwritable(directory: string, cause: unknown): NodeError {
  const message = `the state in ${directory} cannot be opened for writing: ${diskTrouble(cause)}`;
  return new NodeError('storeOpen', message, { cause });
}
