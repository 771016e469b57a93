import { readFileSync } from 'node:fs';

/**
 * Bytes that this process, all threads and packages, has caused to be sent to a disk: `write_bytes` of proc_pid_io(5),
 * counted by the kernel in whole pages as they become dirty. What the file system and the card's controller add
 * (journal, erase blocks) is not in it. Null where the kernel does not tell.
 */
export const writtenBytes = (): number | null => {
  try {
    const match = /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
};
