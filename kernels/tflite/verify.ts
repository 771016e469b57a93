import { ModelError, malformed } from '../errors.ts';
import type { ModelLimits } from '../limits.ts';
import type { Tensor, TfliteModel } from './model.ts';
import { printable } from './printable.ts';
import { tensorBytes, tensorTypeName } from './tensor-type.ts';
import { isIndex, verifyOperator } from './verify-operator.ts';
import { verifyQuantisation } from './verify-quantisation.ts';

export { elementsOf } from './elements.ts';

/**
 * Checks what a flatbuffer's structure alone does not say: index ranges, shapes, quantisation, lengths of constants,
 * and that the operators form a chain in which every tensor is written exactly once and before it is read, which also
 * rules out cycles. After this an operator's `prepare` may follow any index without looking.
 */
export function verifyModel(model: TfliteModel, limits: ModelLimits): void {
  const { tensors, operators } = model.subgraph;
  for (let index = 0; index < tensors.length; index++) verifyTensor(tensors[index]!, index, model, limits);
  const written = verifyEnds(model);
  for (let index = 0; index < operators.length; index++) {
    verifyOperator(operators[index]!, index, model, written, limits);
  }
  for (const output of model.subgraph.outputs) {
    if (written[output] !== 1) malformed(`no operator writes the model output, tensor ${output}`);
  }
}

function verifyTensor(tensor: Tensor, index: number, model: TfliteModel, limits: ModelLimits): void {
  const what = () => `tensor ${index} (${printable(tensor.name)})`;
  let elements = 1;
  for (const dimension of tensor.shape) {
    if (!(dimension >= 1)) malformed(`${what()} has a dimension of ${dimension}`);
    elements *= dimension;
    // Checked after every factor: eight factors of 2^31 would leave the range in which products are exact.
    if (elements > limits.tensorElementsMax) {
      const max = limits.tensorElementsMax;
      throw new ModelError('modelTooLarge', `${what()} has more than ${max} elements: use a smaller model`);
    }
  }
  const bytes = tensorBytes(tensor.type, elements);
  if (bytes < 0)
    throw new ModelError('unsupportedModel', `${what()} has the unusable type ${tensorTypeName(tensor.type)}`);
  const count = model.buffers.length;
  if (!(tensor.buffer < count)) malformed(`${what()} names buffer ${tensor.buffer} of ${count}`);
  const stored = model.buffers[tensor.buffer]!.length;
  if (!(stored === 0 || stored === bytes)) malformed(`${what()} needs ${bytes} bytes, its buffer holds ${stored}`);
  if (tensor.isVariable && stored > 0) {
    throw new ModelError(
      'unsupportedModel',
      `${what()} is a variable with contents, which TFLite does not take either`,
    );
  }
  if (tensor.quantisation !== null) verifyQuantisation(tensor.quantisation, tensor, what);
}

/** Checks inputs and outputs of the graph; returns a flag per tensor: 1 = has a value before the first operator. */
function verifyEnds(model: TfliteModel): Uint8Array {
  const { tensors, inputs, outputs } = model.subgraph;
  const written = Uint8Array.from(tensors, (t) => (model.buffers[t.buffer]!.length > 0 || t.isVariable ? 1 : 0));
  for (const input of inputs) {
    if (!isIndex(input, tensors.length)) malformed(`the model input ${input} is not one of its tensors`);
    if (written[input] !== 0) malformed(`the model input, tensor ${input}, is a constant or listed twice`);
    written[input] = 1;
  }
  for (const output of outputs) {
    if (!isIndex(output, tensors.length)) malformed(`the model output ${output} is not one of its tensors`);
  }
  return written;
}
