import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One of our programs, running in a process of its own. */
export interface Program {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the first match of a pattern in standard output or error; rejects when the process ends without. */
  said(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Exit code (null after a signal). */
  readonly ended: Promise<number | null>;
}

const start = (nodeArgs: readonly string[], environment: NodeJS.ProcessEnv = {}): Program => {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, nodeArgs, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const said = (pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(`${stderr}\n${stdout}`);
        if (match === null) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without saying ${pattern}: ${stderr}${stdout}`)));
    });
  return { process: child, stdout: () => stdout, stderr: () => stderr, said, ended };
};

/** Starts `myrmex` as it is flashed: the bundle that `npm test` has built starts ten times as fast as its sources. */
export const myrmex = (...args: string[]): Program => start(['dist/myrmex.js', ...args]);

/** The same, with these variables in its environment. */
export const myrmexIn = (environment: NodeJS.ProcessEnv, ...args: string[]): Program =>
  start(['dist/myrmex.js', ...args], environment);

/** Starts `myrmexctl` as it is installed: the bundle, which starts in a tenth of the time of its sources. */
export const myrmexctl = (...args: string[]): Program => start(['dist/myrmexctl.js', ...args]);

/** The object in the last line of what a program printed. */
export const lastObject = <T>(program: Program): T => {
  const last = program.stdout().trimEnd().split('\n').at(-1) ?? '';
  return JSON.parse(last) as T;
};
