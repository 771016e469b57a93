import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../support/bundle-program.ts';
import type { Fault } from './faults.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Number of the first mutant; 0 unless one is played again. */
  readonly from: number;
  readonly count: number;
  /** No new mutant is begun after this time. */
  readonly secondsMax: number;
  /** Ends after so many. */
  readonly findingsMax: number;
  /** A fault planted in an operator, to see that it is found. */
  readonly fault: Fault;
}

export interface FuzzFinding {
  readonly mutant: number;
  /** What the mutant is. */
  readonly what: string;
  readonly why: string;
  /** The command that plays it again. */
  readonly replay: string;
}

export interface FuzzReport {
  readonly mutants: number;
  /** `accepted` or the code of the refusal, with their counts. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly findings: readonly FuzzFinding[];
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const HANG_MS = 1000;
/** Even a machine that gives this process a twentieth of its time is through with one mutant by then. */
const HANG_WALL_MS = 20_000;
const LOOK_MS = 100;
const HEAP_MEGABYTES = 192;

/** The mutant that a child is at. */
interface Current {
  readonly number: number;
  readonly what: string;
  readonly beganMs: number;
  readonly processorMs: number;
}

/** Tries mutants in a child process, which is replaced whenever a mutant has killed it, hung in it or soiled it. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const program = bundleProgram(CHILD);
  try {
    return await fuzzWith(program.path, options);
  } finally {
    program.remove();
  }
}

async function fuzzWith(program: string, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, from, count, secondsMax, findingsMax, fault } = options;
  const outcomes = new Map<string, number>();
  const findings: FuzzFinding[] = [];
  const deadline = performance.now() + secondsMax * 1000;
  let next = from;
  const found = (mutant: number, what: string, why: string): void => {
    const planted = fault === 'none' ? '' : ` --fault ${fault}`;
    const replay = `npm run fuzz -- --seed ${seed} --from ${mutant} --count 1${planted}`;
    findings.push({ mutant, what, why, replay });
    next = mutant + 1;
  };
  while (next < from + count && findings.length < findingsMax && performance.now() < deadline) {
    const before = next;
    const last = await runChild(program, options, next, deadline, {
      ended(number, outcome) {
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        next = number + 1;
      },
      found,
    });
    if (last !== null) found(last.number, last.what, last.why);
    if (next === before && performance.now() < deadline) throw new Error('the process of the fuzzer does not start');
  }
  return { mutants: next - from, outcomes, findings };
}

interface Listener {
  ended(number: number, outcome: string): void;
  found(number: number, what: string, why: string): void;
}

/** Runs one child to its end; what its last mutant did to it, or null when it ended by itself. */
function runChild(
  program: string,
  { seed, from, count, fault }: FuzzOptions,
  first: number,
  deadline: number,
  listener: Listener,
): Promise<{ number: number; what: string; why: string } | null> {
  const node = [`--max-old-space-size=${HEAP_MEGABYTES}`, program];
  const child = spawn(process.execPath, [...node, `${seed}`, `${first}`, `${from + count}`, fault], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let current: Current | null = null;
  let hung = false;
  let late = false;
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word, number = 0, rest] = [
      line.split(' ')[0],
      Number(line.split(' ')[1]),
      line.split(' ').slice(2).join(' '),
    ];
    if (word === 'start') {
      const at = rest.indexOf(' ');
      const what = String(JSON.parse(rest.slice(at + 1)));
      current = { number, what, beganMs: performance.now(), processorMs: Number(rest.slice(0, at)) };
      return;
    }
    if (word === 'end') listener.ended(number, rest);
    if (word === 'finding') listener.found(number, current?.what ?? '', String(JSON.parse(rest)));
    current = null;
  });
  const watch = setInterval(() => {
    late = performance.now() > deadline;
    const wallMs = current === null ? 0 : performance.now() - current.beganMs;
    const spentMs = (processorMs(child.pid) ?? Infinity) - (current?.processorMs ?? Infinity);
    hung = wallMs > HANG_MS && (spentMs > HANG_MS || wallMs > HANG_WALL_MS);
    if (hung || late) child.kill('SIGKILL');
  }, LOOK_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(watch);
      if (current === null || (late && !hung)) {
        if (code !== 0 && !late)
          reject(new Error(`the process of the fuzzer ended with ${code ?? signal}: ${complaint}`));
        resolve(null);
        return;
      }
      const why = hung ? `does not end within ${HANG_MS} ms` : `ended the process with ${signal ?? code}: ${complaint}`;
      resolve({ ...current, why });
    });
  });
}

const CLOCK_TICK_MS = 10;

/** Processor time of a process, where /proc tells (Linux), else null. */
function processorMs(pid: number | undefined): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Fields 14 and 15, counted behind the name, which may hold blanks (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
  } catch {
    return null;
  }
}
