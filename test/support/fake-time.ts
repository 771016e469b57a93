import type { LiveTime } from '../../firmware/io/sensors/live-source.ts';

/** Time that passes only when a test says so, and then visits every sleeper in turn. */
export interface FakeTime extends LiveTime {
  /** Resolves when so many sleep. */
  asleep(count: number): Promise<void>;
  /** Lets time pass while `count` sleepers take part; each is asleep again before the next one wakes. */
  advance(ms: number, count: number): Promise<void>;
  /** Passes without waking anybody: this process did not run. */
  stall(ms: number): void;
  /** Changes the wall clock and nothing else. */
  jump(ms: number): void;
}

export const createFakeTime = (): FakeTime => {
  let now = 5_000;
  let wall = Date.UTC(2026, 10, 23);
  let sleepers: { dueMs: number; wake: () => void }[] = [];
  let waiters: { count: number; resolve: () => void }[] = [];
  const asleep = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (sleepers.length >= count) resolve();
      else waiters.push({ count, resolve });
    });
  return {
    monotonicMs: () => now,
    unixMs: () => wall + now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const wake = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { dueMs: now + Math.max(0, ms), wake };
        signal.addEventListener('abort', wake);
        sleepers.push(sleeper);
        for (const waiter of waiters) if (sleepers.length >= waiter.count) waiter.resolve();
        waiters = waiters.filter(({ count }) => sleepers.length < count);
      }),
    asleep,
    advance: async (ms, count) => {
      const until = now + ms;
      await asleep(count);
      for (;;) {
        const next = sleepers.reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
        if (next.dueMs > until) break;
        now = Math.max(now, next.dueMs);
        next.wake();
        await asleep(count);
      }
      now = until;
    },
    stall: (ms) => {
      now += ms;
    },
    jump: (ms) => {
      wall += ms;
    },
  };
};
