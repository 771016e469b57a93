import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { brokerLimits } from '../../../firmware/configuration/broker-limits.ts';
import { startBroker } from '../../../firmware/io/broker.ts';
import { CommandError } from '../../errors.ts';

export const BROKERS = ['embedded', 'mosquitto'] as const;

export interface FleetBroker {
  readonly url: string;
  close(): Promise<void>;
}

const START_MS_MAX = 10_000;
const LOOK_MS = 50;

/**
 * A broker for the fleet on this machine alone: ours, Mosquitto from the PATH, or one that is there already.
 *
 * @param which `embedded`, `mosquitto`, or a URL
 * @throws CommandError `noMosquitto`
 */
export const openFleetBroker = async (which: string): Promise<FleetBroker> => {
  if (which === 'embedded') {
    const report = { count: () => {}, set: () => {}, trouble: () => {}, well: () => {} };
    return startBroker({ port: 0, limits: brokerLimits('pc', {}), report });
  }
  if (which === 'mosquitto') return startMosquitto();
  return { url: which, close: async () => {} };
};

const startMosquitto = async (): Promise<FleetBroker> => {
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-fleet-'));
  const port = await freePort();
  const configuration = join(folder, 'mosquitto.conf');
  const user = process.getuid?.() === 0 ? 'user root\n' : '';
  await writeFile(configuration, `${user}listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`);
  const child = spawn('mosquitto', ['-c', configuration], { stdio: 'ignore' });
  const failed = new Promise<never>((_resolve, reject) => {
    const message = 'mosquitto did not start: install it (apt-get install mosquitto), or use --broker embedded';
    child.once('error', () => reject(new CommandError('noMosquitto', message)));
    child.once('exit', () => reject(new CommandError('noMosquitto', message)));
  });
  failed.catch(() => {});
  await Promise.race([answers(port), failed]);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    close: async () => {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a socket without a port');
  return address.port;
};

const answers = async (port: number): Promise<void> => {
  for (let waited = 0; waited < START_MS_MAX; waited += LOOK_MS) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await pause(LOOK_MS);
  }
};
