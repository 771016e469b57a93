import type { ClassicLevel } from 'classic-level';

export type Database = ClassicLevel<string, Uint8Array>;
export type Write = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string };

export interface WriteQueue {
  /** Writes all or nothing; resolves once the bytes are on the disk (fsync). */
  write(writes: readonly Write[]): Promise<void>;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
}

/**
 * One atomic batch and one fsync at a time. What arrives during an fsync (tens of ms on an SD card) waits and shares
 * the next one, so a burst of labels costs two fsyncs, not one each. Callers bound what waits (LABELS_IN_FLIGHT_MAX).
 */
export function createWriteQueue(put: (writes: readonly Write[]) => Promise<void>): WriteQueue {
  let waiting: { writes: readonly Write[]; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let running: Promise<void> | null = null;

  const drain = async () => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await put(group.flatMap(({ writes }) => writes));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    running = null;
  };

  return {
    write: (writes) =>
      new Promise((resolve, reject) => {
        waiting.push({ writes, resolve, reject });
        running ??= drain();
      }),
    idle: async () => {
      while (running !== null) await running;
    },
  };
}
