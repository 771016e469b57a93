/** How the answer of a model is read, by its task. Allocates nothing once it is made. */
export interface TaskHead {
  /** Classes that a window may be labelled with; 0 for none. */
  readonly classes: number;
  /** Numbers per expert beside the probabilities: a regressor's outputs, an anomaly model's score. */
  readonly values: number;
  /** [experts + 1]: score beyond which each expert, and last the mixture, says anomaly; empty for another task. */
  readonly thresholds: Float64Array;
  /** After an expert's inference on the features `z`: fills `probabilities` [classes] and `values` [values]. */
  read(z: Float32Array, probabilities: Float32Array, values: Float32Array, expert: number): void;
  /**
   * The class that these speak for; -1 when there are no classes.
   *
   * @param expert of which they are; the number of experts for the mixture
   */
  label(probabilities: Float32Array, values: Float32Array, expert: number): number;
}

/** Of tasks that score nothing. */
export const NO_THRESHOLDS = new Float64Array(0);
