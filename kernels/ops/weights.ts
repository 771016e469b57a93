import { TensorType } from '../tflite/tensor-type.ts';
import { unpackInt4 } from './int4.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** A weight tensor, which has its bytes in the file. */
export interface WeightTensor extends OperatorTensor {
  readonly constant: Uint8Array;
}

/** Input `position` of a layer, which must be a constant. */
export function weightTensor(context: PrepareContext, position = 1): WeightTensor {
  const weights = context.input(position);
  if (weights === null || weights.constant === null) return context.refuse('has weights that are not constant');
  return { ...weights, constant: weights.constant };
}

/** One scale per output channel; symmetric, as the int8 specification demands of weights. */
export function weightScales(
  context: PrepareContext,
  weights: OperatorTensor,
  out: number,
  dimension = 0,
): Float32Array {
  const quantisation = weights.tensor.quantisation;
  if (quantisation === null || quantisation.scale.length === 0) return context.refuse('has weights without a scale');
  if (quantisation.zeroPoint.some((zero) => zero !== 0)) context.refuse('has weights with a zero point other than 0');
  if (quantisation.scale.length === 1) return new Float32Array(out).fill(quantisation.scale[0]!);
  if (quantisation.quantizedDimension !== dimension || quantisation.scale.length !== out) {
    context.refuse(`has ${quantisation.scale.length} scales of weights that are not one for each of ${out} channels`);
  }
  return quantisation.scale;
}

/** The int32 bias of `out` values; zeros when the layer has none. */
export function biasValues(context: PrepareContext, out: number): Int32Array {
  const values = new Int32Array(out);
  const bias = biasTensor(context, out, 2);
  if (bias === null) return values;
  context.requireType(bias, TensorType.int32);
  const { constant } = bias;
  const view = new DataView(constant.buffer, constant.byteOffset, constant.length);
  return values.map((_, channel) => view.getInt32(4 * channel, true));
}

/** The optional bias of `out` values, null when the layer has none. */
export function biasTensor(context: PrepareContext, out: number, position = 2): WeightTensor | null {
  const bias = context.input(position);
  if (bias === null) return null;
  if (bias.constant === null || bias.elements !== out) {
    return context.refuse(`has a bias of ${bias.elements} values for ${out} channels, or one that is not constant`);
  }
  return { ...bias, constant: bias.constant };
}

/** Whether a layer is of int8 with weights of 8 bits or 4, which are one to the compiled kernels and to adapters. */
export function isInt8Layer(context: PrepareContext, input: OperatorTensor, weights: WeightTensor): boolean {
  return context.isInt8(input) && (context.isInt8(weights) || weights.tensor.type === TensorType.int4);
}

/** The values of a weight tensor of 8 bits, where the file has them, or of 4, unpacked. */
export function int8Weights({ constant, tensor, elements }: WeightTensor): Int8Array {
  if (tensor.type === TensorType.int4) {
    const values = new Int8Array(elements);
    unpackInt4(constant, values);
    return values;
  }
  return new Int8Array(constant.buffer, constant.byteOffset, constant.length);
}
