import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../../errors.ts';

/** `myrmex` as it lies beside this program, or its sources where this program runs from its own. */
const PLACES = ['./myrmex.js', '../myrmex.js', '../../../dist/myrmex.js'];

/** How the node's program is started. @throws CommandError `noProgram` */
export const nodeProgram = (): readonly string[] => {
  const built = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (built !== undefined) return [built];
  throw new CommandError('noProgram', 'dist/myrmex.js is missing: run "npm run build" first');
};

export interface NodeProcess {
  readonly child: ChildProcess;
  /** Its last line of standard output, and what it complained of. */
  readonly ended: Promise<{ readonly code: number | null; readonly last: string; readonly complaint: string }>;
}

/** A node in a process of its own. */
export const startNodeProcess = (program: readonly string[], args: readonly string[]): NodeProcess => {
  const child = spawn(process.execPath, [...program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let rest = '';
  let last = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    last = lines.findLast((line) => line !== '') ?? last;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-2_000);
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, last, complaint }));
  return { child, ended };
};
