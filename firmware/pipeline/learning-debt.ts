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
  /** Steps forgiven beyond the bound. */
  dropped = 0;

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
    if (this.labels === this.slots.length) {
      this.dropped += this.remaining;
      this.forgetOldest();
    }
    if (this.labels === 0) this.remaining = this.stepsPerLabel;
    this.slots[(this.head + this.labels) % this.slots.length] = slot;
    this.labels++;
  }

  /** Slot that the next step is to be spent on, -1 when none is due. */
  get next(): number {
    return this.labels === 0 ? -1 : this.slots[this.head]!;
  }

  /** That step was taken. */
  pay(): void {
    if (this.labels === 0) return;
    this.remaining--;
    if (this.remaining === 0) this.forgetOldest();
  }

  private forgetOldest(): void {
    this.head = (this.head + 1) % this.slots.length;
    this.labels--;
    this.remaining = this.stepsPerLabel;
  }
}
