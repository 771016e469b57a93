import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from './open.ts';
import type { Database } from './write-queue.ts';

/** How the store reaches its database; tests put faults in between. */
export interface Disk {
  open(directory: string, notice: (text: string) => void): Promise<Database>;
  /** Rejects while not enough can be written there to open the database again. */
  probe(directory: string): Promise<void>;
}

/** Opening writes what the log held as a table, at most a write buffer, and some hundred bytes of its own. */
const PROBE_BYTES = 2 * 1024 * 1024;

export const disk: Disk = {
  open: openDatabase,
  probe: async (directory) => {
    const path = join(directory, 'probe.tmp');
    try {
      const file = await open(path, 'w');
      try {
        await file.writeFile(new Uint8Array(PROBE_BYTES));
        await file.sync();
      } finally {
        await file.close();
      }
    } finally {
      await unlink(path).catch(() => {});
    }
  },
};
