import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './machine-recording.ts';

/** A tree of files as Linux shows it below /proc and /sys, on a real file system. */
export interface FakeHost {
  readonly proc: string;
  readonly sys: string;
  put(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

const lines = (...texts: string[]): string => `${texts.join('\n')}\n`;

const FILES: Readonly<Record<string, string>> = {
  'proc/loadavg': lines('0.50 1.25 2.00 1/93 6878'),
  'proc/meminfo': lines(
    'MemTotal:        1000 kB',
    'MemFree:          100 kB',
    'MemAvailable:     250 kB',
    'SwapTotal:          0 kB',
    'SwapFree:           0 kB',
  ),
  'proc/stat': lines('cpu  100 0 100 700 100 0 0 0 0 0', 'cpu0 100 0 100 700 100 0 0 0 0 0', 'intr 1'),
  'proc/net/dev': lines(
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop',
    '    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0',
    '  eth0: 1000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0',
  ),
  'sys/class/thermal/thermal_zone0/temp': lines('41500'),
  'sys/class/thermal/thermal_zone1/temp': lines('47250'),
};

export const createFakeHost = async (): Promise<FakeHost> => {
  const root = await temporaryFolder();
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  for (const [path, text] of Object.entries(FILES)) await put(path, text);
  return { proc: join(root, 'proc'), sys: join(root, 'sys'), put, remove: (path) => rm(join(root, path)) };
};
