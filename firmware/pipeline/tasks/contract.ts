/** How the answer of a model is read, by its task. Allocates nothing once it is made. */
export interface TaskHead {
  /** Classes that a window may be labelled with; 0 for none. */
  readonly classes: number;
  /** Numbers per expert beside the probabilities: a regressor's outputs, an anomaly model's score. */
  readonly values: number;
  /** After an inference on the normalised features `z`: fills `probabilities` [classes] and `values` [values]. */
  read(z: Float32Array, probabilities: Float32Array, values: Float32Array): void;
  /** The class that these, of one expert or of the mixture, speak for; -1 when there are no classes. */
  label(probabilities: Float32Array, values: Float32Array): number;
}
