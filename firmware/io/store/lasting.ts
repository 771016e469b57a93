import { errorMessage, NodeError } from '../../errors.ts';
import type { Disk } from './disk.ts';
import { diskTrouble } from './disk-trouble.ts';
import type { Database, Write } from './write-queue.ts';

/** The first pause after a failed write, and the longest; each is twice the one before. */
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 30_000;

export interface LastingPorts {
  readonly directory: string;
  readonly disk: Disk;
  readonly monotonicMs: () => number;
  readonly notice: (text: string) => void;
  /** Nothing can be written from now on; `text` says why and what to do. */
  readonly trouble: (text: string) => void;
  /** Writing works again. */
  readonly well: () => void;
}

/** A database that outlives a full or failing disk. */
export interface LastingDatabase {
  /** To read from. @throws NodeError `storeOpen` when it had to be opened again and could not be */
  reading(): Promise<Database>;
  /** Writes all or nothing, on the disk when it resolves. @throws NodeError `storeWrite` */
  write(writes: readonly Write[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * After a write error LevelDB refuses every later one, or worse, appends behind half a record: it must be opened again.
 * That needs room on the disk, so the old one, which can still be read, is kept until a probe shows that there is some.
 * Between attempts lie growing pauses, in which writes fail at once: whoever waits for one is told soon.
 */
export function createLasting(first: Database, ports: LastingPorts): LastingDatabase {
  let database: Database | null = first;
  let failure: NodeError | null = null;
  let pauseMs = PAUSE_MS_MIN;
  let retryMs = 0;

  const fail = (cause: unknown): NodeError => {
    const why = diskTrouble(cause);
    const went = errorMessage(cause);
    failure = new NodeError('storeWrite', `the state could not be written: ${went}`, { cause });
    retryMs = ports.monotonicMs() + pauseMs;
    pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX);
    const effect = 'decisions go on, labels are answered busy, nothing learned is kept until this is mended';
    ports.trouble(`nothing can be written to ${ports.directory}: ${why}; ${effect}`);
    return failure;
  };

  const reading = async (): Promise<Database> => {
    database ??= await ports.disk.open(ports.directory, ports.notice);
    return database;
  };

  const openAgain = async (): Promise<void> => {
    await ports.disk.probe(ports.directory);
    const old = database;
    database = null;
    await old?.close();
    await reading();
  };

  return {
    reading,
    write: async (writes) => {
      if (failure !== null && ports.monotonicMs() < retryMs) throw failure;
      try {
        if (failure !== null) await openAgain();
        await (await reading()).batch([...writes], { sync: true });
      } catch (cause) {
        throw fail(cause);
      }
      if (failure === null) return;
      failure = null;
      pauseMs = PAUSE_MS_MIN;
      ports.well();
    },
    close: async () => {
      await database?.close();
    },
  };
}
