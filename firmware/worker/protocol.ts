import type { Mailbox } from '../../kernels/mailbox.ts';
import type { Ring } from '../../kernels/ring.ts';
import type { JournalEntry } from '../journal.ts';
import type { PipelineOptions } from '../pipeline.ts';
import type { LearningBudget } from './learning-slices.ts';
import type { ShareShape } from './share-memory.ts';

/** What a compute worker is born with: its memory, and how its pipeline is built. */
export interface ComputeSettings {
  readonly pipeline: PipelineOptions;
  /** What runs the frozen model; the others need ours. */
  readonly engine: 'wasm' | 'native';
  readonly ring: Ring;
  readonly toWorker: Mailbox;
  readonly toMain: Mailbox;
  /** Wakes the worker: rows or letters have come. */
  readonly bell: SharedArrayBuffer;
  /** One Int32: 1 while the main thread has been told that letters wait and has not looked yet. */
  readonly told: SharedArrayBuffer;
  /** One Int32 that the worker counts its rounds in: who hangs does not count. */
  readonly beat: SharedArrayBuffer;
  /** Four counts of 32 bits that the worker keeps (learning-counts.ts). */
  readonly learned: SharedArrayBuffer;
  /** What learning may take where it is not eager. */
  readonly learning: LearningBudget;
  /** Windows in 24 hours whose label is asked for. */
  readonly asksPerDay: number;
  /** Pay every learning step that is owed before the next window, as replay does; else only while no window waits. */
  readonly eager: boolean;
  /** Count typed-array allocations (for tests). */
  readonly countAllocations: boolean;
}

/** The one message the worker waits for before it begins: what earlier runs learned. */
export interface ComputeState {
  readonly snapshot: Uint8Array | null;
  readonly journal: readonly JournalEntry[];
  /** Index of its first window; above 0 after a crash, so that no window id is used twice. */
  readonly firstIndex: number;
}

/** What the worker says last. */
export interface ComputeEnd {
  /** The pipeline's fingerprint of every decision. */
  readonly fingerprint: string;
  /** Decisions that found no room because the main thread was too busy to take them. */
  readonly lostDecisions: number;
  /** Typed arrays made after start, when counted. */
  readonly allocations: number;
}

/** What a worker says of itself before it begins. */
export interface BuiltWorker {
  readonly adapterParameters: number;
  readonly arenaBytes: number;
  /** Where `snapshot` letters put the learned state. */
  readonly snapshot: SharedArrayBuffer;
  /** What it shares with the mesh, and the vector that letters of the mesh are about; null: nothing. */
  readonly share: { readonly shape: ShareShape; readonly memory: SharedArrayBuffer } | null;
}

/** Posted messages of the worker: life's events. Everything per window goes through the mailbox. */
export type ComputeMessage =
  | ({ readonly kind: 'built' } & BuiltWorker)
  | { readonly kind: 'restored'; notice: string | null }
  | { readonly kind: 'letters' }
  | ({ readonly kind: 'stopped' } & ComputeEnd);
