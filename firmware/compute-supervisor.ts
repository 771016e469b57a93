import { NodeError } from './errors.ts';
import type { Compute, ComputeHandlers } from './io/compute.ts';
import type { JournalEntry } from './journal.ts';
import type { DecisionReport } from './worker/letters.ts';
import type { ComputeEnd } from './worker/protocol.ts';

/** A worker that fails more often than this in one process fails for a reason that a restart does not cure. */
const RESTARTS_MAX = 5;

export interface SupervisorPorts {
  /** Starts another worker with the same settings. */
  readonly start: () => Compute;
  /** What is on disk, once nothing is being written any more. */
  readonly load: () => Promise<{ snapshot: Uint8Array | null; journal: readonly JournalEntry[] }>;
  readonly handlers: Omit<ComputeHandlers, 'fault'>;
  /** The worker was lost; resolves when what it had learned is on disk or given up. */
  readonly lost: () => Promise<void>;
  readonly notice: (text: string) => void;
}

/** One compute worker after another: a failed one is replaced, and the next goes on from what is on disk. */
export interface ComputeSupervisor {
  /** The worker of the moment. */
  readonly current: Compute;
  readonly restarts: number;
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
    if (notice !== null) ports.notice(notice);
  };

  const replace = async (error: NodeError): Promise<void> => {
    if (stopping) return;
    if (restarts >= RESTARTS_MAX) {
      return fail(new NodeError('computeFailed', `${error.message}; given up after ${restarts} restarts`));
    }
    restarts++;
    ports.notice(`${error.message}; restarted from what is on disk (${restarts} of at most ${RESTARTS_MAX} times)`);
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
    begin,
    stop: () => {
      stopping = true;
      return current.stop();
    },
  };
};
