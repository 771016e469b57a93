// A broker for `npm run bench:hostile` in a process of its own: Mosquitto from the PATH, else ours.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../errors.ts';
import { openFleetBroker } from '../sim/fleet/broker.ts';

const SERVER = fileURLToPath(new URL('../house/bench/broker-server.mjs', import.meta.url));

export interface BenchBroker {
  readonly name: string;
  readonly url: string;
  close(): Promise<void>;
}

/** @param folder where ours keeps what it retains */
export const openBenchBroker = async (folder: string): Promise<BenchBroker> => {
  try {
    return { name: 'mosquitto', ...(await openFleetBroker('mosquitto')) };
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'noMosquitto') throw error;
    return ours(folder);
  }
};

const ours = async (folder: string): Promise<BenchBroker> => {
  const child = spawn(process.execPath, ['--import', 'tsx', SERVER, 'ours', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const close = async (): Promise<void> => {
    child.kill();
    await once(child, 'exit');
  };
  return { name: 'embedded', url: `mqtt://127.0.0.1:${Number(said.toString())}`, close };
};
