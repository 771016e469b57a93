import type { OperatorTensor, PrepareContext, TensorQuantisation } from './prepare-context.ts';

/** Quantisation of an int16 activation, whose zero point TFLite's specification fixes at 0. */
export function symmetricQuantisation(context: PrepareContext, tensor: OperatorTensor): TensorQuantisation {
  const quantisation = context.quantisation(tensor);
  if (quantisation.zeroPoint !== 0) {
    context.refuse(`has the zero point ${quantisation.zeroPoint} in the int16 tensor ${tensor.index} instead of 0`);
  }
  return quantisation;
}
