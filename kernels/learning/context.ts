/** Chance that the next window is of any class, whatever this one was: how loosely neighbours hold together. */
const CHANGE = 0.2;
/** Belief that a label leaves to the other classes together. */
const LABEL_DOUBT = 0.01;

/**
 * What the windows before say about this one: the forward filter of a hidden Markov model (Rabiner 1989, eq. 19-20)
 * whose state is the class, which stays as it is with chance 1 - c (1 - 1/K) and else becomes any other, c = CHANGE:
 *
 *     prior[k] = (1 - c) belief[k] + c / K,   belief[k] ∝ p[k] prior[k]
 *
 * People walk for minutes and machines run a product for hours; where windows come in no order, the mixture finds out.
 */
export class Context {
  /** [classes] after the latest window, sums to 1: the whole state. */
  readonly belief: Float64Array;
  private latest = -1;

  constructor(private readonly classes: number) {
    this.belief = new Float64Array(classes).fill(1 / classes);
  }

  /** out = what is believed before the window is seen, times `p`, made of the window alone. In place is allowed. */
  combine(p: Float32Array, out: Float32Array): void {
    const { classes, belief } = this;
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += p[k]! * ((1 - CHANGE) * belief[k]! + CHANGE / classes);
    for (let k = 0; k < classes; k++) out[k] = (p[k]! * ((1 - CHANGE) * belief[k]! + CHANGE / classes)) / sum;
  }

  /** The window `index` was decided, as `combine` said. */
  follow(index: number, combined: Float32Array): void {
    for (let k = 0; k < this.classes; k++) this.belief[k] = combined[k]!;
    this.latest = index;
  }

  /** A label came; one of the latest window is known to be true of it, older ones tell the filter nothing. */
  learn(index: number, label: number): void {
    if (index !== this.latest) return;
    const doubt = this.classes > 1 ? LABEL_DOUBT / (this.classes - 1) : 0;
    this.belief.fill(doubt);
    this.belief[label] = this.classes > 1 ? 1 - LABEL_DOUBT : 1;
  }
}
