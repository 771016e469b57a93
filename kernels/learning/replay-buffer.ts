import { exp } from '../math/exp.ts';
import { log } from '../math/log.ts';
import type { Random } from '../random.ts';
import { quantiseInto } from '../signal/normalise.ts';
import { PRIORITY_AT_START, PriorityScale, priorityCode } from './priorities.ts';
import { SumTree } from './sum-tree.ts';

const FREE = -1;

export interface ReplayBufferOptions {
  /** Labelled windows of the stream; at least one for each class. */
  readonly capacity: number;
  readonly featureCount: number;
  readonly classes: number;
  /** How a normalised feature is kept in a byte: z = scale × (q - zeroPoint). The model's own input loses nothing. */
  readonly scale: number;
  readonly zeroPoint: number;
  /** α of prioritised replay: 0 draws all windows of a class alike, 1 by their loss. */
  readonly alpha: number;
  /** Windows of the factory beside those of the stream, and their share of the draws, 0 to 1. */
  readonly factoryWindows: number;
  readonly factoryShare: number;
}

/**
 * Labelled windows to learn from again: slots 0 to capacity - 1 of the stream, behind them those of the factory, which
 * stay. Streams come sorted by class (someone walks for minutes), so a full buffer gives up the oldest window of its
 * largest class, and a draw picks where from, then the class, then one of its windows by priority (Schaul et al. 2016):
 * the rare class is met as often as the common one, and within a class what is not yet learned more often.
 */
export class ReplayBuffer {
  readonly capacity: number;
  /** Of stream and factory. */
  readonly slots: number;
  readonly featureCount: number;
  readonly classes: number;
  /** Of every slot (`priorityCode`), live: the state that the windows themselves do not tell. */
  readonly priorities: Uint8Array;
  /** [slots × features], normalised, a byte each. */
  private readonly features: Int8Array;
  private readonly row: Int8Array;
  /** Class k of the stream is group k, of the factory group classes + k. */
  private readonly groups: Int16Array;
  /** Occupied slots, sorted by group and within a group from the oldest to the newest; and where each slot stands. */
  private readonly order: Uint16Array;
  private readonly places: Uint16Array;
  /** p^α in that order. */
  private readonly tree: SumTree;
  /** Group g occupies order[starts[g] .. starts[g+1]). */
  private readonly starts: Int32Array;
  /** Groups that are not empty, those of the stream first. */
  private readonly present: Int32Array;
  private presentCount = 0;
  private presentOfStream = 0;
  private readonly powers: PriorityScale;
  private changed: (slot: number) => void = () => {};

  constructor(private readonly options: ReplayBufferOptions) {
    const { capacity, featureCount, classes, factoryWindows } = options;
    if (!(Number.isInteger(capacity) && capacity >= classes)) {
      throw new RangeError(`a replay buffer of ${capacity} windows cannot hold ${classes} classes: make it larger`);
    }
    this.capacity = capacity;
    this.slots = capacity + factoryWindows;
    this.featureCount = featureCount;
    this.classes = classes;
    const { slots } = this;
    // Written to once: the system gives memory at the first write, and a node that grows for hours looks like a leak.
    this.features = new Int8Array(slots * featureCount).fill(0);
    this.row = new Int8Array(featureCount);
    this.priorities = new Uint8Array(slots).fill(PRIORITY_AT_START);
    this.groups = new Int16Array(slots).fill(FREE);
    this.order = new Uint16Array(slots);
    this.places = new Uint16Array(slots);
    this.tree = new SumTree(slots);
    this.starts = new Int32Array(2 * classes + 1);
    this.present = new Int32Array(2 * classes);
    this.powers = new PriorityScale(options.alpha);
  }

  /** Windows of the stream. */
  get count(): number {
    return this.starts[this.classes]!;
  }

  /** Windows of the stream that belong to a class. */
  countOf(label: number): number {
    return this.sizeOf(label);
  }

  /** Windows of stream and factory, and the slot of each of them. */
  get total(): number {
    return this.starts[2 * this.classes]!;
  }

  slotAt(at: number): number {
    return this.order[at]!;
  }

  labelOf(slot: number): number {
    return this.groups[slot]! % this.classes;
  }

  /** From now on `changed` is told of every slot that is given another window. */
  watch(changed: (slot: number) => void): void {
    this.changed = changed;
  }

  /** Writes the slot's features to `out` [features], normalised, as exactly as they are kept. */
  read(slot: number, out: Float32Array): void {
    const { scale, zeroPoint } = this.options;
    const from = slot * this.featureCount;
    for (let i = 0; i < this.featureCount; i++) out[i] = scale * (this.features[from + i]! - zeroPoint);
  }

  /**
   * Stores a window as the newest of its class, at the largest priority that there is: it is sure to be met soon.
   *
   * @param z [features], normalised
   * @returns its slot, free until now or the evicted window's
   */
  add(z: Float32Array, label: number): number {
    const slot = this.count < this.capacity ? this.groups.indexOf(FREE) : this.evict(label);
    this.put(slot, z, label);
    return slot;
  }

  /** The same in a given slot: how a journal, read in sequence, is restored. @param priority what it had, if known */
  put(slot: number, z: Float32Array, label: number, priority = this.largestPriority()): void {
    quantiseInto(z, this.options.scale, this.options.zeroPoint, this.row);
    this.place(slot, label, priority);
  }

  /** Takes a window of the factory, whose features are in the buffer's own bytes, into the next of its slots. */
  keep(features: Int8Array, label: number): void {
    this.row.set(features);
    this.place(this.capacity + this.total - this.count, this.classes + label, PRIORITY_AT_START);
  }

  /** After a change of `priorities` from outside. */
  reprioritise(): void {
    const { order, tree, priorities, powers } = this;
    for (let at = 0; at < this.total; at++) tree.set(at, powers.power(priorities[order[at]!]!));
  }

  /** How much is still to be learned from a window: its loss, which decides how soon it is drawn again. */
  setLoss(slot: number, loss: number): void {
    this.priorities[slot] = priorityCode(loss);
    this.tree.set(this.places[slot]!, this.powers.power(this.priorities[slot]!));
  }

  /**
   * A slot drawn at random: from the factory with its share, a class among those present, uniform, then a window of it
   * by priority. Needs a window.
   */
  draw(random: Random): number {
    const { presentCount, tree } = this;
    const presentOfStream = this.presentOfStream;
    const both = presentOfStream > 0 && presentOfStream < presentCount;
    const stays = both ? random.float() < this.options.factoryShare : presentOfStream === 0;
    const group = stays
      ? this.present[presentOfStream + random.integer(presentCount - presentOfStream)]!
      : this.present[random.integer(presentOfStream)]!;
    const from = this.starts[group]!;
    const to = this.starts[group + 1]!;
    const below = tree.before(from);
    const at = tree.find(below + random.float() * (tree.before(to) - below));
    // Sums are rounded: what falls beside the class by that belongs to its border.
    return this.order[Math.max(from, Math.min(to - 1, at))]!;
  }

  /**
   * What a drawn window's gradient is weighed with, so that drawing some more often does not change where learning
   * leads: (1 / (n P(i)))^β of the n windows of its class (Schaul et al. 2016, §3.4); divide by a batch's largest.
   */
  weightOf(slot: number, beta: number): number {
    const group = this.groups[slot]!;
    const from = this.starts[group]!;
    const mean = (this.tree.before(this.starts[group + 1]!) - this.tree.before(from)) / this.sizeOf(group);
    return exp(beta * log(mean / this.tree.get(this.places[slot]!)));
  }

  private sizeOf(group: number): number {
    return this.starts[group + 1]! - this.starts[group]!;
  }

  private largestPriority(): number {
    let largest = 0;
    for (let at = 0; at < this.count; at++) largest = Math.max(largest, this.priorities[this.order[at]!]!);
    return largest > 0 ? largest : PRIORITY_AT_START;
  }

  /** Makes room for a window of class `label`, which counts as if it were here already. */
  private evict(label: number): number {
    const countWith = (k: number): number => this.sizeOf(k) + (k === label ? 1 : 0);
    // Never an empty class: were `label` empty, the others would hold capacity >= classes windows, so one holds two.
    let largest = 0;
    for (let k = 1; k < this.classes; k++) if (countWith(k) > countWith(largest)) largest = k;
    const slot = this.order[this.starts[largest]!]!;
    this.remove(slot);
    return slot;
  }

  private place(slot: number, group: number, priority: number): void {
    if (this.groups[slot] !== FREE) this.remove(slot);
    this.features.set(this.row, slot * this.featureCount);
    this.groups[slot] = group;
    this.priorities[slot] = priority;
    const at = this.starts[group + 1]!;
    this.move(at + 1, at);
    this.order[at] = slot;
    this.shift(group, 1);
    this.tree.set(at, this.powers.power(priority));
    this.changed(slot);
  }

  private remove(slot: number): void {
    const at = this.places[slot]!;
    this.move(at, at + 1);
    this.shift(this.groups[slot]!, -1);
    this.tree.set(this.total, 0);
    this.groups[slot] = FREE;
  }

  /** Moves all that stand at `from` and behind. */
  private move(to: number, from: number): void {
    const count = this.total - from;
    this.order.copyWithin(to, from, from + count);
    this.tree.move(to, from, count);
  }

  private shift(group: number, by: number): void {
    const groups = 2 * this.classes;
    for (let g = group + 1; g <= groups; g++) this.starts[g] = this.starts[g]! + by;
    for (let at = 0; at < this.total; at++) this.places[this.order[at]!] = at;
    this.presentCount = 0;
    for (let g = 0; g < groups; g++) {
      if (g === this.classes) this.presentOfStream = this.presentCount;
      if (this.sizeOf(g) === 0) continue;
      this.present[this.presentCount] = g;
      this.presentCount++;
    }
  }
}
