import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { OperatorTensor } from '../prepare-context.ts';

/** A layer whose every output is a sum over a window of all input channels. */
export interface ConvolutionLayer {
  readonly geometry: ConvolutionGeometry;
  readonly input: OperatorTensor;
  readonly output: OperatorTensor;
  /** [out, height, width, in] */
  readonly weights: Int8Array;
  /** [out] */
  readonly weightScale: Float32Array;
  /** The input is a row of values, whatever its shape. */
  readonly flat: boolean;
  /** No adapter point, though its window is one pixel: a depthwise layer has none on any path. */
  readonly frozen?: true;
}
