// Runs mutants one after the other and tells the parent on standard output which one it is at: whatever a mutant does
// to this process, the parent knows which one did it. Arguments: seed, first mutant, end (exclusive), fault.
import { writeSync } from 'node:fs';
import { resourceUsage } from 'node:process';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { corpus } from './corpus.ts';
import { type Fault, operatorsWith } from './faults.ts';
import { Mutants } from './mutant.ts';
import { Finding, tryMutant } from './try-mutant.ts';

const [seed = 0, first = 0, end = 0] = process.argv.slice(2, 5).map(Number);
const fault = (process.argv[5] ?? 'none') as Fault;
/** Of processor time, so that a busy machine is not a finding. */
const MILLISECONDS_MAX = 1000;
/** Both engines' memory, the heap of a program that has just started, garbage, and what the compiler of V8 keeps. */
const RESIDENT_BYTES_MAX = 2 * limits.arenaBytesMax + 256 * 1024 * 1024;

const say = (line: string): void => void writeSync(1, `${line}\n`);
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const mutants = new Mutants(corpus(), limits, seed);
const bench = {
  limits,
  operators: operatorsWith(fault),
  engines: [createEngine(), createEngine()],
};

for (let number = first; number < end; number++) {
  const mutant = mutants.make(number);
  const started = processorMs();
  // Line breaks in names would look like lines of this protocol.
  say(`start ${number} ${Math.round(started)} ${JSON.stringify(mutant.what)}`);
  const buffers = process.memoryUsage().arrayBuffers;
  try {
    const outcome = tryMutant(mutant, bench);
    const spent = processorMs() - started;
    if (spent > MILLISECONDS_MAX) throw new Finding(`took ${Math.round(spent)} ms of processor time (${outcome})`);
    const grown = process.memoryUsage().arrayBuffers - buffers;
    if (grown > limits.arenaBytesMax) throw new Finding(`took ${grown} bytes outside of the engine (${outcome})`);
    const resident = resourceUsage().maxRSS * 1024;
    if (resident > RESIDENT_BYTES_MAX) throw new Finding(`the process has ${resident} bytes resident (${outcome})`);
    say(`end ${number} ${outcome}`);
  } catch (error) {
    say(`finding ${number} ${JSON.stringify(error instanceof Finding ? error.message : String(error))}`);
    // The mark of memory does not fall again, and a finding may have left anything: begin with a new process.
    process.exit(0);
  }
}
