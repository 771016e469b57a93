import { roundHalfEven } from '../../math/round-half-even.ts';

/** A dense layer in plain numbers; see `FULLY_CONNECTED` for their meaning. */
export interface DenseLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly inputZeroPoint: number;
  /** [out × in] */
  readonly weights: Int8Array;
  /** [out], accumulator before the first product: bias plus adapter. */
  readonly start: Int32Array;
  /** [out], s_x × s_w[c] / s_y as float32. */
  readonly scale: Float32Array;
  readonly outputZeroPoint: number;
  readonly activationMin: number;
  readonly activationMax: number;
}

/** Plain twin of the `widen` kernel: output[i] = input[i] − zeroPoint. */
export function widenReference(input: Int8Array, zeroPoint: number): Int16Array {
  return Int16Array.from(input, (value) => value - zeroPoint);
}

/** Plain twin of the `dense` kernel on one row; the same bits for every input. */
export function denseReference(layer: DenseLayer, input: Int8Array): Int8Array {
  const output = new Int8Array(layer.outFeatures);
  for (let column = 0; column < layer.outFeatures; column++) {
    let accumulator = layer.start[column]!;
    const row = column * layer.inFeatures;
    for (let k = 0; k < layer.inFeatures; k++) {
      accumulator = (accumulator + layer.weights[row + k]! * (input[k]! - layer.inputZeroPoint)) | 0;
    }
    output[column] = requantise(accumulator, layer.scale[column]!, layer);
  }
  return output;
}

/** fp32 requantisation with the clamp after the rounding: the kernel clamps first, which must not matter. */
function requantise(accumulator: number, scale: number, layer: DenseLayer): number {
  const rounded = roundHalfEven(Math.fround(Math.fround(accumulator) * scale)) + layer.outputZeroPoint;
  return Math.max(layer.activationMin, Math.min(layer.activationMax, rounded));
}
