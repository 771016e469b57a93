import type { Clock } from './io/clock.ts';
import { allowOptimising, garbageCollector } from './io/v8.ts';
import { OptimiserWatch } from './machines/optimiser-watch.ts';

const LOOK_MS = 30_000;

/**
 * Keeps what V8 holds for this process small, from when the node has started. Collects what the start and the warm-up
 * leave behind, which V8 lets pile up to twice what is live before its first collections; then stops compiling what is
 * run rarely.
 *
 * @returns the end of it
 */
export const keepCodeSmall = ({ monotonicMs }: Clock): (() => void) => {
  const watch = new OptimiserWatch(monotonicMs(), usedCpuMs());
  let collect: (() => void) | null = garbageCollector();
  collect();
  const timer = setInterval(() => {
    allowOptimising(watch.look(monotonicMs(), usedCpuMs()));
    if (watch.warm) collect = null;
    collect?.();
  }, LOOK_MS);
  return () => clearInterval(timer);
};

const usedCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
