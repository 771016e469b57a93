/** Values of a gradient. */
export type Slopes = Float32Array;

/**
 * What learning minimises. The learner shows the model a window of the replay buffer and asks here which way its output
 * should move; a loss holds views of that output and whatever it compares it with (labels by slot, the input itself).
 */
export interface Loss {
  /** Length of the gradient: one value per element of the output that is compared. */
  readonly size: number;
  /**
   * The loss of the window in `slot`, of which the model's last inference was, and its slope. Allocates nothing.
   *
   * @param gradient [size], receives dL/dy, y the real values that the quantised output stands for
   * @returns L, finite and >= 0; also how much is still to be learned from this window
   */
  evaluate(slot: number, gradient: Slopes): number;
}
