import type { Worker } from 'node:worker_threads';
import { errorMessage, NodeError } from '../errors.ts';
import type { ComputeEnd, ComputeMessage } from '../worker/protocol.ts';

/** Building or restoring takes tens of ms on a PC and seconds on a small board; stopping, one learning step. */
const START_MS_MAX = 20_000;
const STOP_MS_MAX = 1_000;

type Built = Extract<ComputeMessage, { kind: 'built' }>;
type Restored = Extract<ComputeMessage, { kind: 'restored' }>;

/** The stages of a worker's life, each with a deadline. */
export interface ComputeLife {
  /** Rejects with the worker's own error when its pipeline cannot be built. */
  readonly built: Promise<Built>;
  /** To be asked for once the worker has been given its state. */
  restored(): Promise<Restored>;
  /** Ends the thread at once; the fault that follows has this reason. */
  kill(reason: NodeError): void;
  /** To be asked for once the worker has been told to stop; null when it was gone or had to be terminated. */
  stop(): Promise<ComputeEnd | null>;
}

/** Turns a worker's events into promises with deadlines, and an end that nobody asked for into a fault. */
export const followLife = (
  worker: Worker,
  handlers: { letters(): void; fault(error: NodeError): void },
): ComputeLife => {
  const built = withResolvers<Built>();
  const restored = withResolvers<Restored>();
  const stopped = withResolvers<ComputeEnd | null>();
  let stage: 'starting' | 'running' | 'stopping' = 'starting';
  let reason: unknown = null;
  const kill = (why: NodeError): void => {
    reason ??= why;
    void worker.terminate();
  };
  const deadline = (ms: number): (() => void) => {
    const timer = setTimeout(
      () => kill(new NodeError('computeSlow', `the compute worker did not answer within ${ms / 1_000} s`)),
      ms,
    );
    return () => clearTimeout(timer);
  };
  const inTime = deadline(START_MS_MAX);

  worker.on('message', (message: ComputeMessage) => {
    if (message.kind === 'letters') handlers.letters();
    else if (message.kind === 'built') {
      inTime();
      built.resolve(message);
    } else if (message.kind === 'restored') restored.resolve(message);
    else stopped.resolve(message);
  });
  worker.on('error', (error) => {
    reason ??= error;
  });
  worker.on('exit', () => {
    inTime();
    const cause = reason ?? new NodeError('computeFault', 'the compute worker ended by itself');
    built.reject(cause);
    restored.reject(cause);
    stopped.resolve(null);
    // What it said before it ended still counts.
    handlers.letters();
    if (stage === 'running') handlers.fault(faultOf(cause));
  });

  return {
    built: built.promise,
    restored: async () => {
      const inTime = deadline(START_MS_MAX);
      const message = await restored.promise.finally(inTime);
      if (stage === 'starting') stage = 'running';
      return message;
    },
    kill,
    stop: async () => {
      const started = stage === 'running';
      stage = 'stopping';
      const inTime = deadline(STOP_MS_MAX);
      // Before it runs it hears no letters, and there is nothing to wait for.
      if (!started) void worker.terminate();
      const end = await stopped.promise.finally(inTime);
      await worker.terminate();
      return end;
    },
  };
};

const faultOf = (cause: unknown): NodeError =>
  new NodeError('computeFault', `the compute worker failed: ${errorMessage(cause)}`, { cause });

/** `Promise.withResolvers` of ECMA-262 2024, which Node 20 lacks. A rejection that nobody awaits is not an error. */
const withResolvers = <T>() => {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
};
