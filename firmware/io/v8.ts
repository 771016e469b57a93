import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Keeps the young generation of this thread at its size. V8 doubles it under load, up to 32 MB resident; a node's
 * garbage is about a MB a second, and collecting it in a small space costs well under 1 % of a core. Whenever V8 makes
 * another isolate it corrects the factor to 2 again (Heap::ConfigureHeap), so this is repeated after each thread start.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');

/**
 * Lets V8's optimising compiler (TurboFan) take on further functions in all threads, or not. What it has compiled goes
 * on running; a function that loses its code meanwhile runs as baseline code until this allows the compiler again. The
 * quick compiler of Node 24 (Maglev) is not asked: whether a build has it cannot be told, and its code is small.
 */
export const allowOptimising = (allowed: boolean): void => setFlagsFromString(allowed ? '--turbofan' : '--no-turbofan');

/**
 * What collects this thread's whole heap and gives back what is empty: some 15 ms in which nothing else runs. It holds
 * a context of its own, as nothing else of the program is to see it: let it go when it has done its work.
 */
export const garbageCollector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof collect === 'function' ? () => collect() : () => {};
};
