import { NodeError } from './errors.ts';
import type { Compute, ComputeHandlers } from './io/compute.ts';
import type { JournalEntry } from './journal.ts';
import type { Notice } from './log.ts';
import { RESTARTS_MAX, RestartBudget } from './machines/restart-budget.ts';
import { StallWatch } from './machines/stall-watch.ts';
import type { DecisionReport } from './worker/letters.ts';
import type { ComputeEnd } from './worker/protocol.ts';

export interface SupervisorPorts {
  /** Starts another worker with the same settings. */
  readonly start: () => Compute;
  /** What is on disk, once nothing is being written any more. */
  readonly load: () => Promise<{ snapshot: Uint8Array | null; journal: readonly JournalEntry[] }>;
  readonly handlers: Omit<ComputeHandlers, 'fault'>;
  /** The worker was lost; resolves when what it had learned is on disk or given up. */
  readonly lost: () => Promise<void>;
  readonly notice: Notice;
  readonly monotonicMs: () => number;
}

/** One compute worker after another: one that fails or hangs is replaced, and the next goes on from what is on disk. */
export interface ComputeSupervisor {
  /** The worker of the moment. */
  readonly current: Compute;
  readonly restarts: number;
  /** How long the worker has given no sign of life, ms; it is replaced when that is too long. */
  readonly silentMs: number;
  /** Looks whether the worker hangs. Call about once a second. */
  tick(): void;
  /** Rejects when the worker cannot be kept alive; never resolves. */
  readonly failed: Promise<never>;
  /** Lets the first worker begin. */
  begin(): Promise<void>;
  stop(): Promise<ComputeEnd | null>;
}

/** @param first the worker, already started, so that it builds while the rest of the node does */
export const superviseCompute = (first: Compute, ports: SupervisorPorts): ComputeSupervisor => {
  let current = first;
  let restarts = 0;
  let nextIndex = 0;
  let stopping = false;
  let running = false;
  const budget = new RestartBudget();
  const watch = new StallWatch();
  let fail: (error: NodeError) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  const handlers: ComputeHandlers = {
    ...ports.handlers,
    decision: (report: DecisionReport) => {
      nextIndex = report.index + 1;
      ports.handlers.decision(report);
    },
    fault: (error) => {
      replace(error).catch((failure: unknown) => {
        fail(new NodeError('computeFailed', 'the compute worker could not be replaced', { cause: failure }));
      });
    },
  };

  const begin = async (): Promise<void> => {
    await current.built();
    const { snapshot, journal } = await ports.load();
    const notice = await current.begin({ snapshot, journal, firstIndex: nextIndex }, handlers);
    if (notice !== null) ports.notice(notice, 'warn');
    watch.begin(current.beats(), ports.monotonicMs());
    running = true;
  };

  const replace = async (error: NodeError): Promise<void> => {
    running = false;
    if (stopping) return;
    if (!budget.take(ports.monotonicMs())) {
      return fail(
        new NodeError('computeFailed', `${error.message}; given up after ${RESTARTS_MAX} restarts in an hour`),
      );
    }
    restarts++;
    ports.notice(
      `${error.message}; restarted from what is on disk (${budget.taken} of at most ${RESTARTS_MAX} times an hour)`,
      'warn',
    );
    // Samples go to the new ring from now on; what the old one held is lost.
    current = ports.start();
    await ports.lost();
    await begin();
  };

  return {
    get current() {
      return current;
    },
    failed,
    get restarts() {
      return restarts;
    },
    get silentMs() {
      return watch.silentMs;
    },
    tick: () => {
      if (!running || !watch.look(current.beats(), ports.monotonicMs())) return;
      running = false;
      current.kill(new NodeError('computeStuck', 'it has hung for 10 s'));
    },
    begin,
    stop: () => {
      stopping = true;
      return current.stop();
    },
  };
};
