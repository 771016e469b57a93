/** One dense layer of a float network. */
export interface DenseLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [out x in] row-major, as TFLite stores FULLY_CONNECTED weights. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly activation: 'none' | 'relu';
}

/** Dense layers in order; the last one gives logits. */
export interface DenseNetwork {
  readonly layers: readonly DenseLayer[];
}

/** One layer on one vector: f64 sum in index order, rounded to f32 once. Reference for the quantiser. */
export function denseForward(layer: DenseLayer, input: Float32Array, output: Float32Array): void {
  const { inFeatures, outFeatures, weights, bias } = layer;
  for (let o = 0; o < outFeatures; o += 1) {
    let sum = bias[o]!;
    const row = o * inFeatures;
    for (let i = 0; i < inFeatures; i += 1) sum += weights[row + i]! * input[i]!;
    output[o] = layer.activation === 'relu' && sum < 0 ? 0 : sum;
  }
}

/** Position of the largest value; the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i]! > values[best]!) best = i;
  return best;
}
