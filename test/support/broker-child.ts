import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from './bundle-program.ts';

const PROGRAM = fileURLToPath(new URL('./broker-process.ts', import.meta.url));

export interface BrokerProgram {
  /** Starts it on a directory; resolves when it listens. */
  spawn(directory: string, port?: number): Promise<BrokerChild>;
  remove(): void;
}

export interface BrokerChild {
  readonly port: number;
  readonly pid: number;
  /** SIGKILL, and the process is gone. */
  kill(): Promise<void>;
}

/** The embedded broker as a program of its own. */
export const bundleBroker = (): BrokerProgram => {
  const { path, remove } = bundleProgram(PROGRAM);
  return {
    spawn: (directory, port = 0) => started(spawn(process.execPath, [path, directory, String(port)])),
    remove,
  };
};

const started = async (child: ChildProcess): Promise<BrokerChild> => {
  const exited = once(child, 'exit');
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const listening = once(child.stdout!, 'data').then(([chunk]) => Number(String(chunk)));
  const port = await Promise.race([listening, exited.then(() => null)]);
  if (port === null) throw new Error(`the broker did not start: ${said}`);
  return {
    port,
    pid: child.pid!,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
