import type { BoardProfile } from '../boards/schema.ts';
import { NodeError } from './errors.ts';
import type { BrokerLimits } from './machines/broker-limits.ts';
import { LINEAR_FEATURES_MAX, readsOpinions } from './pipeline/options.ts';

const MIB = 1024 * 1024;

/** Of each normal window beside a byte for each feature: index, place, priority. */
const NORMAL_WINDOW_BYTES = 32;
/** Node.js, V8's heap of the main thread, our code and libraries: 76 MB resident are measured, garbage comes on top. */
const PROGRAM_BYTES = 96 * MIB;
/** Main thread and worker each have the model file and what was read from it. */
const MODEL_COPIES = 4;
/** LevelDB keeps what was deleted until it compacts; at worst the data twice, and its logs. */
const STORE_SLACK = 2;
const STORE_LOG_BYTES = 8 * MIB;
/** Around the features of a stored label: keys, checksum, envelope. */
const JOURNAL_ENTRY_BYTES = 128;
/** A sample that waits for its row: a number, its time, and the arrays that hold them. */
const QUEUED_SAMPLE_BYTES = 24;
/** Of a connection to the embedded broker, beside a packet each way: what a slow reader may leave unread. */
const UNREAD_BYTES = 512 * 1024;

/** What the sizes of a node come from. */
export interface Sizes {
  readonly board: BoardProfile;
  readonly modelBytes: number;
  /** Of the ring between sensor and worker. */
  readonly ringBytes: number;
  /** Numbers that describe a window. */
  readonly features: number;
  readonly experts: number;
  readonly classes: number;
  /** Experts that learn adapters of their own; one, unless told. */
  readonly learners?: number;
  /** Windows that an anomaly model keeps to learn from without labels. */
  readonly normalWindows?: number;
  /** Of the broker within this process; null when it is somebody else's. */
  readonly broker: BrokerLimits | null;
  /** Most that the worker's JavaScript may take, without arrays. */
  readonly workerHeapBytes: number;
  /** Of the native engine's process; nothing unless it was asked for. */
  readonly nativeBytes?: number;
  /** Of several adapters; nothing for a pool of one. */
  readonly poolBytes?: number;
}

export interface BudgetPart {
  readonly name: string;
  readonly bytes: number;
}

/** What a node takes at most, in parts, and what its board allows. */
export interface Budget {
  readonly memory: readonly BudgetPart[];
  readonly memoryBytesMax: number;
  readonly store: readonly BudgetPart[];
  readonly storeBytesMax: number;
}

/** Adds up ceilings, not what is in use on a good day. */
export const budgetOf = (sizes: Sizes): Budget => {
  const { board, modelBytes, features, experts, classes, broker, poolBytes = 0 } = sizes;
  const floats = (count: number): number => 4 * count;
  const kept = broker === null ? 0 : broker.storedBytes + broker.retainedBytes;
  const unread = broker === null ? 0 : broker.connections * (UNREAD_BYTES + 2 * broker.packetBytes);
  return {
    memory: [
      { name: 'program', bytes: PROGRAM_BYTES },
      { name: 'worker heap', bytes: sizes.workerHeapBytes },
      { name: 'engine arena', bytes: board.arenaBytesMax },
      { name: 'model', bytes: MODEL_COPIES * modelBytes },
      { name: 'sample ring', bytes: sizes.ringBytes },
      { name: 'sensor queue', bytes: QUEUED_SAMPLE_BYTES * board.sensorQueueSamples },
      { name: 'pending windows', bytes: board.pendingWindows * floats(features + experts * (classes + 1)) },
      { name: 'replay', bytes: board.replayBytesMax },
      { name: 'learning state', bytes: (sizes.learners ?? 1) * board.learningStateBytesMax },
      { name: 'normal windows', bytes: (sizes.normalWindows ?? 0) * (features + NORMAL_WINDOW_BYTES) },
      // kernels/learning/frozen-part.ts keeps at most a byte for each feature.
      { name: 'replayed activations', bytes: board.replayBytesMax },
      { name: 'linear expert', bytes: linearBytes(features, classes) },
      { name: 'adapter pool', bytes: poolBytes },
      { name: 'broker', bytes: kept + unread },
      { name: 'native engine', bytes: sizes.nativeBytes ?? 0 },
    ],
    memoryBytesMax: board.memoryBytesMax,
    store: [
      { name: 'labels', bytes: STORE_SLACK * board.replayCapacity * (floats(features) + JOURNAL_ENTRY_BYTES) },
      { name: 'snapshots', bytes: STORE_SLACK * 2 * (MODEL_COPIES * modelBytes + floats(2 * features) + poolBytes) },
      { name: 'outbox', bytes: board.outboxBytesMax },
      { name: 'broker', bytes: STORE_SLACK * kept },
      { name: 'logs of the store', bytes: STORE_LOG_BYTES },
    ],
    storeBytesMax: board.storeBytesMax,
  };
};

export const sumOf = (parts: readonly BudgetPart[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** `96 MiB`, or `0.3 MiB`. */
export const inMib = (bytes: number): string => {
  const mib = bytes / MIB;
  return `${mib >= 10 ? mib.toFixed(0) : mib.toFixed(1)} MiB`;
};

/** Every part with its size, the largest first. */
export const partsText = (parts: readonly BudgetPart[]): string =>
  [...parts]
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ name, bytes }) => `${name} ${inMib(bytes)}`)
    .join(', ');

/** @throws NodeError `overBudget` with the sum and its parts */
export const requireBudget = (budget: Budget, board: string): void => {
  const { memory, memoryBytesMax, store, storeBytesMax } = budget;
  const check = (what: string, parts: readonly BudgetPart[], bytesMax: number): void => {
    const sum = sumOf(parts);
    if (sum <= bytesMax) return;
    const need = `${inMib(sum)} of ${what} are needed at most, and board "${board}" has ${inMib(bytesMax)}`;
    const mend = 'choose a model with fewer features or another board';
    throw new NodeError('overBudget', `${need}: ${partsText(parts)}; ${mend}`);
  };
  check('memory', memory, memoryBytesMax);
  check('storage', store, storeBytesMax);
};

/** kernels/learning/linear-classifier.ts, in doubles, of features, the frozen model's opinions and a constant. */
const linearBytes = (features: number, classes: number): number => {
  if (features > LINEAR_FEATURES_MAX) return 0;
  const terms = features + (readsOpinions(features, classes) ? classes : 0) + 1;
  return 8 * terms * ((terms + 1) / 2 + classes);
};
