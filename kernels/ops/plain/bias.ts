import { TensorType } from '../../tflite/tensor-type.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { biasTensor } from '../weights.ts';

/** An int64 bias within this leaves room for 2^38 of products below the 2^47 that requantisation takes. */
const WIDE_BIAS_MAX = 2 ** 46;

/** Biases of all channels, zeros when there are none, and the width of the accumulator that TFLite adds them in. */
export interface IntegerBias {
  readonly bias: Float64Array;
  readonly bits: 32 | 64;
}

/** int32, or for int16 activations also int64: then, and without any bias, their sums are int64. */
export function integerBias(context: PrepareContext, out: number, position: number, wide: boolean): IntegerBias {
  const values = new Float64Array(out);
  const tensor = biasTensor(context, out, position);
  if (tensor === null) {
    const isInt32 = !wide || context.option('quantizedBiasType') === TensorType.int32;
    return { bias: values, bits: isInt32 ? 32 : 64 };
  }
  const { constant } = tensor;
  const view = new DataView(constant.buffer, constant.byteOffset, constant.length);
  if (wide && tensor.tensor.type === TensorType.int64) {
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
  return Float32Array.from({ length: out }, (_, channel) => view.getFloat32(4 * channel, true));
}
