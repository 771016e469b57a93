import type { Notice } from './log.ts';

/** A stop must be over in 5 s, come what may; the bounds in running-node.ts end before this. */
const STOP_MS_MAX = 4_900;
/** After the work is done, for handles that something hung has left open. */
const LINGER_MS_MAX = 100;

/** When to stop. */
export interface StopRequest {
  /** Resolves at SIGINT, SIGTERM, when nobody reads standard output any more, or after the duration. */
  readonly asked: Promise<void>;
  /** Everything is done: the process ends, also when a handle that hangs would keep it. */
  over(): void;
}

/** Whatever the process is doing when it is asked to stop, also if it has not started yet, it is gone soon after. */
export const listenForStop = (durationMs: number | undefined, notice: Notice): StopRequest => {
  const cutOff = (): void => {
    notice('the node did not end in time and was cut off', 'error');
    process.exit(1);
  };
  const asked = new Promise<void>((resolve) => {
    const stop = (): void => {
      setTimeout(cutOff, STOP_MS_MAX).unref();
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    process.stdout.once('error', stop);
    if (durationMs !== undefined) setTimeout(stop, durationMs).unref();
  });
  return { asked, over: () => void setTimeout(() => process.exit(), LINGER_MS_MAX).unref() };
};
