import type { AdapterPoint } from '../../kernels/adapter-point.ts';
import { AdapterChooser, type ChooserOptions } from '../../kernels/adapters/adapter-chooser.ts';
import type { AdapterPool } from '../../kernels/adapters/adapter-pool.ts';
import { ReplaySharing } from '../../kernels/adapters/replay-sharing.ts';
import type { Curriculum } from '../../kernels/learning/adapter-learner.ts';

export interface AdapterChoiceOptions {
  readonly pool: AdapterPool;
  readonly chooser: ChooserOptions;
  /** Of the layer that makes the logits: what it reads is the embedding of a window. */
  readonly point: AdapterPoint;
  readonly pendingWindows: number;
  readonly replayCapacity: number;
}

/**
 * Which adapter decides a window, and which one its label teaches: the one that decided it, however late the label
 * comes and whatever state the machine is in by then. Allocates nothing after creation.
 */
export class AdapterChoice implements Curriculum {
  readonly arrays: readonly (Float32Array | Float64Array | Uint32Array)[];
  readonly chooser: AdapterChooser;
  private readonly pool: AdapterPool;
  /** Adapter that decided each of the latest windows, by the window's index. */
  private readonly decidedBy: Uint16Array;
  /** Adapter that each labelled window belongs to, by its slot in the replay buffer. */
  private readonly ownerOf: Uint16Array;
  private readonly sharing: ReplaySharing;

  constructor(private readonly options: AdapterChoiceOptions) {
    const { pool, chooser, point, pendingWindows, replayCapacity } = options;
    this.pool = pool;
    this.decidedBy = new Uint16Array(pendingWindows);
    this.ownerOf = new Uint16Array(2 * Math.ceil(replayCapacity / 2));
    this.chooser = new AdapterChooser(chooser, pool, point.inFeatures, (into, other) => this.inherit(into, other));
    this.sharing = new ReplaySharing(pool.adaptersMax);
    const owners = new Uint32Array(this.ownerOf.buffer);
    this.arrays = [...pool.arrays, ...this.chooser.arrays, ...this.sharing.arrays, owners];
  }

  /** The frozen expert has just judged window `index`: the adapter for it goes into the engine. */
  choose(index: number): void {
    const { point } = this.options;
    const adapter = this.chooser.push(point.input, point.inputScale);
    this.decidedBy[index % this.decidedBy.length] = adapter;
    this.pool.load(adapter);
  }

  /** The label of window `index` went into a slot of the replay buffer. */
  labelled(slot: number, index: number): void {
    this.ownerOf[slot] = this.decidedBy[index % this.decidedBy.length]!;
  }

  /** A label was read from the journal: nobody remembers who decided its window. */
  recalled(slot: number): void {
    this.ownerOf[slot] = this.chooser.active;
  }

  /** Puts the adapter into the engine that the label in a slot teaches. */
  prepare(slot: number): void {
    this.pool.load(this.ownerOf[slot]!);
  }

  /** A step was taken on it. */
  stepped(): void {
    this.pool.stepped();
  }

  suits(slot: number, turn: number): boolean {
    return this.sharing.suits(this.pool.loaded, this.ownerOf[slot]!, turn);
  }

  met(slot: number, loss: number): void {
    this.sharing.met(this.pool.loaded, this.ownerOf[slot]!, loss);
  }

  private inherit(into: number, other: number): void {
    for (const list of [this.ownerOf, this.decidedBy]) {
      for (let i = 0; i < list.length; i++) if (list[i] === other) list[i] = into;
    }
  }
}
