import { TensorType, tensorBytes, tensorTypeName } from '../tflite/tensor-type.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Bytes of one element of a tensor that is moved unseen; two int4 share a byte, so they are refused. */
export function elementBytes(context: PrepareContext, { tensor }: OperatorTensor): number {
  const bytes = tensorBytes(tensor.type, 1);
  if (bytes < 1 || tensor.type === TensorType.int4) {
    return context.refuse(`moves ${tensorTypeName(tensor.type)} (${tensor.name}), which has no whole bytes`);
  }
  return bytes;
}
