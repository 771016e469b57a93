import type { Random } from '../random.ts';

const FREE = -1;

/**
 * Labelled windows to learn from again: a fixed number of slots, balanced by class. Streams come sorted by class
 * (someone walks for minutes), so a full buffer gives up the oldest window of its largest class, and a draw picks the
 * class first: the rare class is met as often as the common one.
 */
export class ReplayBuffer {
  /** [capacity × features], raw features of every slot. */
  private readonly features: Float32Array;
  private readonly labels: Int16Array;
  /** Occupied slots, sorted by class and within a class from the oldest to the newest. */
  private readonly order: Int32Array;
  /** Class k occupies order[starts[k] .. starts[k+1]). */
  private readonly starts: Int32Array;
  private readonly present: Int32Array;
  private presentCount = 0;
  private changed: (slot: number) => void = () => {};

  constructor(
    readonly capacity: number,
    readonly featureCount: number,
    readonly classes: number,
  ) {
    if (!(Number.isInteger(capacity) && capacity >= classes)) {
      throw new RangeError(`a replay buffer of ${capacity} windows cannot hold ${classes} classes: make it larger`);
    }
    // Written to once: the system gives memory at the first write, and a node that grows for hours looks like a leak.
    this.features = new Float32Array(capacity * featureCount).fill(0);
    this.labels = new Int16Array(capacity).fill(FREE);
    this.order = new Int32Array(capacity);
    this.starts = new Int32Array(classes + 1);
    this.present = new Int32Array(classes);
  }

  get count(): number {
    return this.starts[this.classes]!;
  }

  countOf(label: number): number {
    return this.starts[label + 1]! - this.starts[label]!;
  }

  labelOf(slot: number): number {
    return this.labels[slot]!;
  }

  /** From now on `changed` is told of every slot that is given another window. */
  watch(changed: (slot: number) => void): void {
    this.changed = changed;
  }

  /** Copies the slot's features to `out` [features]. */
  read(slot: number, out: Float32Array): void {
    const from = slot * this.featureCount;
    for (let i = 0; i < this.featureCount; i++) out[i] = this.features[from + i]!;
  }

  /** Stores a window as the newest of its class and returns its slot, free until now or the evicted window's. */
  add(features: Float32Array, label: number): number {
    const slot = this.count < this.capacity ? this.labels.indexOf(FREE) : this.evict(label);
    this.put(slot, features, label);
    return slot;
  }

  /** Stores a window in a given slot as the newest of its class: how a journal, read in sequence, is restored. */
  put(slot: number, features: Float32Array, label: number): void {
    if (this.labels[slot] !== FREE) this.remove(slot);
    this.features.set(features, slot * this.featureCount);
    this.labels[slot] = label;
    const at = this.starts[label + 1]!;
    this.order.copyWithin(at + 1, at, this.count);
    this.order[at] = slot;
    this.shift(label, 1);
    this.changed(slot);
  }

  /** A slot drawn at random: a class among those present, then a window of it, both uniform. Needs count > 0. */
  draw(random: Random): number {
    const label = this.present[random.integer(this.presentCount)]!;
    return this.order[this.starts[label]! + random.integer(this.countOf(label))]!;
  }

  /** Makes room for a window of class `label`, which counts as if it were here already. */
  private evict(label: number): number {
    const countWith = (k: number): number => this.countOf(k) + (k === label ? 1 : 0);
    // Never an empty class: were `label` empty, the others would hold capacity >= classes windows, so one holds two.
    let largest = 0;
    for (let k = 1; k < this.classes; k++) if (countWith(k) > countWith(largest)) largest = k;
    const slot = this.order[this.starts[largest]!]!;
    this.remove(slot);
    return slot;
  }

  private remove(slot: number): void {
    const at = this.order.indexOf(slot);
    const label = this.labels[slot]!;
    this.order.copyWithin(at, at + 1, this.count);
    this.labels[slot] = FREE;
    this.shift(label, -1);
  }

  private shift(label: number, by: number): void {
    for (let k = label + 1; k <= this.classes; k++) this.starts[k] = this.starts[k]! + by;
    this.presentCount = 0;
    for (let k = 0; k < this.classes; k++) {
      if (this.countOf(k) === 0) continue;
      this.present[this.presentCount] = k;
      this.presentCount++;
    }
  }
}
