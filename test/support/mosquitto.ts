import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { portOf } from './brokers.ts';
import { isInstalled } from './installed.ts';
import { temporaryFolder } from './machine-recording.ts';

export const mosquittoPresent = (): boolean => isInstalled('mosquitto') && isInstalled('mosquitto_passwd');

export interface Mosquitto {
  readonly port: number;
  readonly log: () => string;
  /** `kill -9`, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
};

/** A password file of Mosquitto's own making. */
export const passwordFile = async (users: Readonly<Record<string, string>>): Promise<string> => {
  const path = join(await temporaryFolder(), 'passwords');
  await writeFile(path, '', { mode: 0o600 });
  for (const [user, password] of Object.entries(users)) {
    const { status, stderr } = spawnSync('mosquitto_passwd', ['-b', path, user, password], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mosquitto_passwd: ${stderr}`);
  }
  return path;
};

/** Starts Debian's Mosquitto on this machine alone. @param lines of mosquitto.conf below its one listener */
export const startMosquitto = async (lines: readonly string[]): Promise<Mosquitto> => {
  const folder = await temporaryFolder();
  const port = await freePort();
  const configuration = join(folder, 'mosquitto.conf');
  const asRoot = process.getuid?.() === 0 ? ['user root'] : [];
  await writeFile(
    configuration,
    [...asRoot, `listener ${port} 127.0.0.1`, 'log_dest stderr', 'log_type all', ...lines, ''].join('\n'),
  );
  let log = '';
  let child: ChildProcess | null = null;
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  const start = async (): Promise<void> => {
    const process = spawn('mosquitto', ['-c', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
    child = process;
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    while (!(await listens(port))) {
      if (process.exitCode !== null) throw new Error(`mosquitto ended: ${log}`);
    }
  };
  await start();
  return { port, log: () => log, start, kill: () => ended('SIGKILL'), stop: () => ended('SIGTERM') };
};

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setImmediate(() => resolve(false)));
  });
