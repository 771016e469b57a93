import { type Disk, disk } from '../../firmware/io/store/disk.ts';
import type { Database } from '../../firmware/io/store/write-queue.ts';

/** Faults a disk can be told to have; a real LevelDB lies behind it all. */
export interface FaultyDisk extends Disk {
  /** The error of every write from now on; null when the disk is well. Batches that wait are held until then. */
  failure: Error | null;
  /** Writes that still go well before `failure` strikes. */
  writesLeft: number;
  /** How often the database was opened, and how often the disk was probed. */
  readonly counts: { opened: number; probed: number; written: number };
  /** Every write waits for this first: a slow fsync. */
  slow: Promise<void>;
}

/** An error as classic-level hands it on. */
export const diskError = (text: string): Error =>
  Object.assign(new Error(`IO error: /state/000007.log: ${text}`), { code: 'LEVEL_IO_ERROR' });

/**
 * A disk with faults. Like LevelDB's own, a database that has failed once refuses every write until it is opened again,
 * also when the disk is well by then.
 */
export const createFaultyDisk = (): FaultyDisk => {
  const counts = { opened: 0, probed: 0, written: 0 };
  const faulty: FaultyDisk = {
    ...{ failure: null, writesLeft: 0, counts, slow: Promise.resolve() },
    open: async (directory, notice) => {
      if (faulty.failure !== null && faulty.writesLeft === 0 && counts.opened > 0) throw faulty.failure;
      counts.opened++;
      const database = await disk.open(directory, notice);
      const batch = database.batch.bind(database) as (...given: unknown[]) => Promise<void>;
      let dead: Error | null = null;
      const failing = async (...given: unknown[]): Promise<void> => {
        await faulty.slow;
        if (faulty.failure !== null && faulty.writesLeft-- <= 0) {
          faulty.writesLeft = 0;
          dead ??= faulty.failure;
        }
        if (dead !== null) throw dead;
        counts.written++;
        await batch(...given);
      };
      return Object.assign(database, { batch: failing }) as Database;
    },
    probe: async (directory) => {
      counts.probed++;
      if (faulty.failure !== null) throw faulty.failure;
      await disk.probe(directory);
    },
  };
  return faulty;
};
