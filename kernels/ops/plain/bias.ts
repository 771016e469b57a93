import { TensorType } from '../../tflite/tensor-type.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { biasTensor } from '../weights.ts';

/** 2^46: an int64 bias within this leaves room for 2^38 of products below the 2^47 that requantisation takes. */
const WIDE_BIAS_MAX = 70_368_744_177_664;

/** Biases of all channels, zeros when there are none, and the width of the accumulator that TFLite adds them in. */
export interface IntegerBias {
  readonly bias: Float64Array;
  readonly bits: 32 | 64;
}

/** What biases a layer with int16 activations takes, and the sums that it has without any. */
export type WideBias =
  /** Only int64, as depthwise convolutions in TFLite. */
  | 'int64'
  /** int32, which is also what sums are without a bias, or int64. */
  | 'int32 or int64';

/**
 * Bias of an integer layer, in the engine's memory, where the limits count it.
 *
 * @param wide null for int8 activations, whose biases are int32
 */
export function integerBias(
  context: PrepareContext,
  out: number,
  position: number,
  wide: WideBias | null,
): IntegerBias {
  const values = new Float64Array(context.engine.uint8.buffer, context.persistent(8 * out), out);
  const tensor = biasTensor(context, out, position);
  if (tensor === null) return { bias: values, bits: wide === 'int64' ? 64 : 32 };
  const { constant } = tensor;
  const view = new DataView(constant.buffer, constant.byteOffset, constant.length);
  if (wide === 'int64' || (wide !== null && tensor.tensor.type === TensorType.int64)) {
    context.requireType(tensor, TensorType.int64);
    for (let channel = 0; channel < out; channel++) {
      const value = Number(view.getBigInt64(8 * channel, true));
      if (Math.abs(value) > WIDE_BIAS_MAX) context.refuse(`has a bias of ${value} in channel ${channel}`);
      values[channel] = value;
    }
    return { bias: values, bits: 64 };
  }
  context.requireType(tensor, TensorType.int32);
  for (let channel = 0; channel < out; channel++) values[channel] = view.getInt32(4 * channel, true);
  return { bias: values, bits: 32 };
}

export function floatBias(context: PrepareContext, out: number, position: number): Float32Array | null {
  const tensor = biasTensor(context, out, position);
  if (tensor === null) return null;
  context.requireType(tensor, TensorType.float32);
  const { constant } = tensor;
  const view = new DataView(constant.buffer, constant.byteOffset, constant.length);
  const values = new Float32Array(context.engine.uint8.buffer, context.persistent(4 * out), out);
  for (let channel = 0; channel < out; channel++) values[channel] = view.getFloat32(4 * channel, true);
  return values;
}
