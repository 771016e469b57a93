import { ModelError } from './errors.ts';
import type { Tensor } from './tflite/model.ts';
import { printable } from './tflite/printable.ts';
import { TensorType, tensorTypeName } from './tflite/tensor-type.ts';
import { elementsOf } from './tflite/verify.ts';

/** A tensor of the interpreter: its data is a view into the engine's memory, written and read in place. */
export interface TensorView {
  readonly name: string;
  /** Number of the element type in the TFLite schema. */
  readonly type: number;
  readonly shape: readonly number[];
  /** real = scale × (q − zeroPoint); 1 and 0 for float32. */
  readonly scale: number;
  readonly zeroPoint: number;
  readonly data: TensorData;
}

export type TensorData = Int8Array | Int16Array | Int32Array | Float32Array;

/** Makes the view of a tensor at `address`; types other than these cannot reach the ends of a model here. */
export function viewTensor(tensor: Tensor, buffer: ArrayBufferLike, address: number): TensorView {
  const { name, type, shape } = tensor;
  const elements = elementsOf(tensor);
  if (type === TensorType.float32) {
    return { name, type, shape, scale: 1, zeroPoint: 0, data: new Float32Array(buffer, address, elements) };
  }
  if (type === TensorType.int32) {
    return { name, type, shape, scale: 1, zeroPoint: 0, data: new Int32Array(buffer, address, elements) };
  }
  if (type !== TensorType.int8 && type !== TensorType.int16) {
    const found = `the model's input or output ${printable(name)} is ${tensorTypeName(type)}`;
    throw new ModelError('unsupportedModel', `${found}: export it as int8, int16 or float32`);
  }
  const { scale, zeroPoint } = tensor.quantisation ?? { scale: [], zeroPoint: [] };
  if (scale.length !== 1) {
    throw new ModelError(
      'unsupportedModel',
      `the ${tensorTypeName(type)} tensor ${printable(name)} at the model's end has no scale: quantise it`,
    );
  }
  const data =
    type === TensorType.int8 ? new Int8Array(buffer, address, elements) : new Int16Array(buffer, address, elements);
  return { name, type, shape, scale: scale[0]!, zeroPoint: zeroPoint[0]!, data };
}
