/**
 * Gradient steps that labels have paid for and that are not taken yet, oldest label first. Bounded: a label beyond
 * `capacity` drops the oldest label's remaining steps (it stays in the replay buffer).
 */
export class LearningDebt {
  /** Replay slots of the labels whose steps are due, a ring. */
  private readonly slots: Int32Array;
  private head = 0;
  private labels = 0;
  private remaining = 0;

  constructor(
    capacity: number,
    private readonly stepsPerLabel: number,
  ) {
    this.slots = new Int32Array(capacity);
  }

  /** Steps due. */
  get owed(): number {
    return this.labels === 0 ? 0 : (this.labels - 1) * this.stepsPerLabel + this.remaining;
  }

  /** Labels of which at least one step is due. */
  get labelsOwed(): number {
    return this.labels;
  }

  add(slot: number): void {
    if (this.labels === this.slots.length) this.dropOldest();
    if (this.labels === 0) this.remaining = this.stepsPerLabel;
    this.slots[(this.head + this.labels) % this.slots.length] = slot;
    this.labels++;
  }

  /** Takes one step off the debt; returns the slot it is to be spent on, -1 when none is due. */
  pay(): number {
    if (this.labels === 0) return -1;
    const slot = this.slots[this.head]!;
    this.remaining--;
    if (this.remaining === 0) this.dropOldest();
    return slot;
  }

  private dropOldest(): void {
    this.head = (this.head + 1) % this.slots.length;
    this.labels--;
    this.remaining = this.stepsPerLabel;
  }
}
