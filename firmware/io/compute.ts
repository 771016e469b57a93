import { Doorbell } from '../../kernels/doorbell.ts';
import { createMailbox, Inbox, type Letter, Outbox } from '../../kernels/mailbox.ts';
import { createRing, RingWriter } from '../../kernels/ring.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import { NodeError } from '../errors.ts';
import type { PipelineOptions } from '../pipeline.ts';
import { LEARNING_COUNTS_BYTES, type LearningCounts, readCounts } from '../worker/learning-counts.ts';
import type { LearningBudget } from '../worker/learning-slices.ts';
import {
  createDecisionReport,
  createOutcomeReport,
  type DecisionReport,
  type OutcomeReport,
  readDecision,
  readOutcome,
  sizesOf,
  TO_MAIN,
  TO_WORKER,
  toMainShape,
  toWorkerShape,
} from '../worker/letters.ts';
import type { ComputeEnd, ComputeSettings, ComputeState } from '../worker/protocol.ts';
import { followLife } from './compute-life.ts';
import { createShare, type Share, type ShareEnd } from './share.ts';
import { computeEntry, startThread } from './thread.ts';
import { keepHeapSmall } from './v8.ts';

/** Letters that may wait in each direction. Labels in flight are bounded below this by the label machine. */
const LETTERS_TO_WORKER = 512;
const LETTERS_TO_MAIN = 64;
/** The worker's garbage is what the loader and node:worker_threads leave: small heaps keep the process small. */
const HEAP = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 96, stackSizeMb: 2 };

const UNBOUNDED: LearningBudget = { msPerSecond: 1_000, sliceMs: 5 };

/** Most that V8 takes for a worker; arrays are outside. */
export const WORKER_HEAP_BYTES = (HEAP.maxYoungGenerationSizeMb + HEAP.maxOldGenerationSizeMb) * 1024 * 1024;

export interface ComputeHandlers {
  /** One per window, in order; the report is valid until the handler returns. */
  decision(report: DecisionReport): void;
  /** One per label handed over, in order; the report is valid until the handler returns. */
  outcome(report: OutcomeReport): void;
  /** The state asked for by `requestSnapshot`; the bytes belong to the handler. */
  snapshot(bytes: Uint8Array): void;
  /** The worker is gone without having been told to. Its labels and letters in flight are lost. */
  fault(error: NodeError): void;
}

export interface ComputeOptions {
  readonly pipeline: PipelineOptions;
  /** `wasm` unless told otherwise. */
  readonly engine?: 'wasm' | 'native';
  readonly card: ModelCard;
  /** Rows the sample ring holds at least; raised to four windows. */
  readonly ringRows: number;
  readonly eager: boolean;
  /** All of the worker's time unless told otherwise. */
  readonly learning?: LearningBudget;
  /** Windows in 24 hours whose label is asked for; none unless told otherwise. */
  readonly asksPerDay?: number;
  readonly countAllocations?: boolean;
  /** Another module to run as the worker. */
  readonly entry?: URL;
}

/** The main thread's end of one compute worker. */
export interface Compute {
  /**
   * When its thread has begun, or failed to. Until then V8 lets this thread's young generation grow (`keepHeapSmall`):
   * who has much to load waits for it.
   */
  readonly running: Promise<void>;
  /** To be awaited before `begin`: adapter parameters and engine memory. Rejects with what was wrong with the model. */
  built(): Promise<{ adapterParameters: number; arenaBytes: number }>;
  /** Sample rows go in here; then `wake`. */
  readonly rows: RingWriter;
  /** Hands over what earlier runs learned and lets the worker begin; resolves with what a person should know of it. */
  begin(state: ComputeState, handlers: ComputeHandlers): Promise<string | null>;
  /** Tells the worker that rows wait. */
  wake(): void;
  /** False when the worker has too many labels waiting. */
  label(index: number, label: number, correction?: boolean): boolean;
  /** False while an earlier request is unanswered. */
  requestSnapshot(): boolean;
  /** What it shares with the mesh; null before `built`, and where nothing is shared. */
  readonly share: Share | null;
  /** How often the worker has gone round its loop (32 bits, wraps); the one that hangs does not. */
  beats(): number;
  /** How learning goes, since this worker began. */
  learning(): LearningCounts;
  /** Ends the worker at once, whatever it does; `fault` is told the reason. */
  kill(reason: NodeError): void;
  /** Ends the worker after the letters sent so far; null when it had to be terminated or was gone already. */
  stop(): Promise<ComputeEnd | null>;
}

/** Rows and windows of the ring that a model with this card gets. */
export const ringShape = (card: ModelCard, ringRows: number) => {
  const windowRows = Math.max(card.window, card.stride);
  return { rows: Math.max(ringRows, 4 * windowRows), channels: card.channels.length, windowRows };
};

/** Starts a compute worker. It builds its pipeline at once and waits for `begin`. */
export const startCompute = (options: ComputeOptions): Compute => {
  const { card, pipeline, engine = 'wasm', eager, learning = UNBOUNDED, asksPerDay = 0 } = options;
  const sizes = sizesOf(card, pipeline.experts.length);
  const settings: ComputeSettings = {
    pipeline,
    engine,
    eager,
    countAllocations: options.countAllocations ?? false,
    ring: createRing(ringShape(card, options.ringRows)),
    toWorker: createMailbox(toWorkerShape(LETTERS_TO_WORKER)),
    toMain: createMailbox(toMainShape(LETTERS_TO_MAIN, sizes)),
    bell: new SharedArrayBuffer(Doorbell.BYTES),
    told: new SharedArrayBuffer(4),
    beat: new SharedArrayBuffer(4),
    learned: new SharedArrayBuffer(LEARNING_COUNTS_BYTES),
    learning,
    asksPerDay,
  };
  const worker = startThread(options.entry ?? computeEntry(), { workerData: settings, resourceLimits: HEAP });
  const running = new Promise<void>((resolve) => {
    worker.once('online', () => {
      keepHeapSmall();
      resolve();
    });
    worker.once('exit', () => resolve());
  });
  const bell = new Doorbell(settings.bell);
  const beat = new Int32Array(settings.beat);
  const outbox = new Outbox(settings.toWorker);
  const reader = createLetterReader(settings, createDecisionReport(sizes), createOutcomeReport(sizes));
  const life = followLife(worker, {
    letters: reader.drain,
    fault: (error) => {
      reader.share?.lost(error);
      reader.handlers?.fault(error);
    },
  });

  const send = (kind: number, index: number, label: number): boolean => {
    const letter = outbox.next();
    if (letter === null) return false;
    letter.kind[0] = kind;
    letter.doubles[0] = index;
    letter.words[0] = label;
    outbox.send();
    bell.ring();
    return true;
  };

  const built = async (): Promise<{ adapterParameters: number; arenaBytes: number }> => {
    const { snapshot, adapterParameters, arenaBytes, share } = await life.built;
    reader.snapshotMemory = new Uint8Array(snapshot);
    if (share !== null) {
      reader.share ??= createShare(share.shape, share.memory, (verb) => send(TO_WORKER.share, 0, verb));
    }
    return { adapterParameters, arenaBytes };
  };

  return {
    running,
    built,
    rows: new RingWriter(settings.ring),
    begin: async (state, handlers) => {
      reader.handlers = handlers;
      worker.postMessage(state);
      return (await life.restored()).notice;
    },
    wake: () => bell.ring(),
    label: (index, label, correction) => send(correction ? TO_WORKER.correction : TO_WORKER.label, index, label),
    requestSnapshot: () => {
      if (reader.snapshotAsked) return false;
      reader.snapshotAsked = send(TO_WORKER.snapshot, 0, 0);
      return reader.snapshotAsked;
    },
    get share() {
      return reader.share?.share ?? null;
    },
    beats: () => Atomics.load(beat, 0),
    learning: () => readCounts(settings.learned),
    kill: life.kill,
    stop: async () => {
      send(TO_WORKER.stop, 0, 0);
      const end = await life.stop();
      reader.drain();
      reader.share?.lost(new NodeError('stopped', 'the compute worker has ended'));
      return end;
    },
  };
};

interface LetterReader {
  /** Who hears what the letters say; null until the worker begins. */
  handlers: ComputeHandlers | null;
  snapshotMemory: Uint8Array;
  snapshotAsked: boolean;
  share: ShareEnd | null;
  /** Takes all letters that wait. */
  drain(): void;
}

/** Takes letters out of the mailbox and hands them to the handlers. */
const createLetterReader = (
  settings: ComputeSettings,
  decision: DecisionReport,
  outcome: OutcomeReport,
): LetterReader => {
  const inbox = new Inbox(settings.toMain);
  const told = new Int32Array(settings.told);
  const bell = new Doorbell(settings.bell);

  /** The letter is given back before its handler runs: a handler may take long, or throw. */
  const handle = (letter: Letter, to: ComputeHandlers): void => {
    switch (letter.kind[0]) {
      case TO_MAIN.decision:
        readDecision(letter, decision);
        inbox.done();
        to.decision(decision);
        break;
      case TO_MAIN.outcome:
        readOutcome(letter, outcome);
        inbox.done();
        to.outcome(outcome);
        break;
      case TO_MAIN.share: {
        const loss = letter.doubles[0]!;
        inbox.done();
        reader.share?.answered(loss);
        break;
      }
      default: {
        const bytes = reader.snapshotMemory.slice(0, letter.words[0]!);
        inbox.done();
        reader.snapshotAsked = false;
        to.snapshot(bytes);
      }
    }
  };

  const reader: LetterReader = {
    handlers: null,
    snapshotMemory: new Uint8Array(0),
    snapshotAsked: false,
    share: null,
    drain: () => {
      // Cleared before looking: a letter sent after the last look is told again.
      Atomics.store(told, 0, 0);
      let taken = 0;
      for (let letter = inbox.peek(); letter !== null && reader.handlers !== null; letter = inbox.peek()) {
        handle(letter, reader.handlers);
        taken++;
      }
      // A worker that found the box full sleeps although labels wait; who empties a full box takes this many or more.
      if (taken >= LETTERS_TO_MAIN) bell.ring();
    },
  };
  return reader;
};
