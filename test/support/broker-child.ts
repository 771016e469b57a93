import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
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

/** The embedded broker as a program of its own, bundled: compiling it at each start would take most of the time. */
export const bundleBroker = (): BrokerProgram => {
  // Below the repository, so that classic-level is found.
  const folder = mkdtempSync(join(root, 'dist', 'test-broker-'));
  const outfile = join(folder, 'broker.mjs');
  buildSync({
    entryPoints: [PROGRAM],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', external: ['classic-level'] },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return {
    spawn: (directory, port = 0) => started(spawn(process.execPath, [outfile, directory, String(port)])),
    remove: () => rmSync(folder, { recursive: true, force: true }),
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
