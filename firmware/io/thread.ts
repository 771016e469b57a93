import { existsSync } from 'node:fs';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a module as a worker thread. A TypeScript source needs the loader registered inside the new thread, because
 * Node 20 does not hand `--import tsx` on to workers; a bundled module is started as it is.
 */
export const startThread = (entry: URL, options: WorkerOptions): Worker => {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, options);
  const loader = import.meta.resolve('tsx/esm/api');
  const [from, start] = [JSON.stringify(loader), JSON.stringify(entry.href)];
  const boot = `import { register } from ${from}; register(); await import(${start});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(boot)}`), options);
};

/** Where the compute worker's entry lies: among the sources, beside the bundle, or above one of its chunks. */
export const computeEntry = (): URL => {
  if (import.meta.url.endsWith('.ts')) return new URL('../worker/main.ts', import.meta.url);
  const beside = new URL('./myrmex-worker.js', import.meta.url);
  return existsSync(beside) ? beside : new URL('../myrmex-worker.js', import.meta.url);
};
