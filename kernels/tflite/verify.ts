import { ModelError, requireWellFormed } from '../errors.ts';
import type { ModelLimits } from '../limits.ts';
import type { Operator, Quantisation, Tensor, TfliteModel } from './model.ts';
import { tensorBytes, tensorTypeName, zeroPointRange } from './tensor-type.ts';

/**
 * Checks what a flatbuffer's structure alone does not say: index ranges, shapes, quantisation, lengths of constants,
 * and that the operators form a chain in which every tensor is written exactly once and before it is read, which also
 * rules out cycles. After this an operator's `prepare` may follow any index without looking.
 */
export function verifyModel(model: TfliteModel, limits: ModelLimits): void {
  const { tensors, operators } = model.subgraph;
  for (let index = 0; index < tensors.length; index++) verifyTensor(tensors[index]!, index, model, limits);
  const written = verifyEnds(model);
  for (let index = 0; index < operators.length; index++) verifyOperator(operators[index]!, index, model, written);
  for (const output of model.subgraph.outputs) {
    requireWellFormed(written[output] === 1, `no operator writes the model output, tensor ${output}`);
  }
}

/** Product of a shape; every dimension was checked to be ≥ 1 and the product to be within the limits. */
export function elementsOf(tensor: Tensor): number {
  let elements = 1;
  for (const dimension of tensor.shape) elements *= dimension;
  return elements;
}

function verifyTensor(tensor: Tensor, index: number, model: TfliteModel, limits: ModelLimits): void {
  const what = `tensor ${index} (${tensor.name})`;
  let elements = 1;
  for (const dimension of tensor.shape) {
    requireWellFormed(dimension >= 1, `${what} has a dimension of ${dimension}`);
    elements *= dimension;
    // Checked after every factor: eight factors of 2^31 would leave the range in which products are exact.
    if (elements > limits.tensorElementsMax) {
      const max = limits.tensorElementsMax;
      throw new ModelError('modelTooLarge', `${what} has more than ${max} elements: use a smaller model`);
    }
  }
  const bytes = tensorBytes(tensor.type, elements);
  if (bytes < 0)
    throw new ModelError('unsupportedModel', `${what} has the unusable type ${tensorTypeName(tensor.type)}`);
  const count = model.buffers.length;
  requireWellFormed(tensor.buffer < count, `${what} names buffer ${tensor.buffer} of ${count}`);
  const stored = model.buffers[tensor.buffer]!.length;
  requireWellFormed(stored === 0 || stored === bytes, `${what} needs ${bytes} bytes, its buffer holds ${stored}`);
  if (tensor.quantisation !== null) verifyQuantisation(tensor.quantisation, tensor, what);
}

function verifyQuantisation(quantisation: Quantisation, tensor: Tensor, what: string): void {
  const { scale, zeroPoint, quantizedDimension } = quantisation;
  requireWellFormed(
    quantizedDimension >= 0 && quantizedDimension < Math.max(1, tensor.shape.length),
    `${what} is quantised along dimension ${quantizedDimension} of ${tensor.shape.length}`,
  );
  const slices = tensor.shape[quantizedDimension] ?? 1;
  requireWellFormed(
    scale.length <= 1 || scale.length === slices,
    `${what} has ${scale.length} scales for ${slices} slices`,
  );
  requireWellFormed(
    zeroPoint.length === scale.length,
    `${what} has ${scale.length} scales but ${zeroPoint.length} zero points`,
  );
  const [lowest, highest] = zeroPointRange(tensor.type);
  for (let index = 0; index < scale.length; index++) {
    const value = scale[index]!;
    requireWellFormed(Number.isFinite(value) && value > 0, `${what} has the scale ${value}`);
    const zero = zeroPoint[index]!;
    requireWellFormed(zero >= lowest && zero <= highest, `${what} has the zero point ${zero}`);
  }
}

/** Checks inputs and outputs of the graph; returns a flag per tensor: 1 = has a value before the first operator. */
function verifyEnds(model: TfliteModel): Uint8Array {
  const { tensors, inputs, outputs } = model.subgraph;
  const written = Uint8Array.from(tensors, (t) => (model.buffers[t.buffer]!.length > 0 || t.isVariable ? 1 : 0));
  for (const input of inputs) {
    requireWellFormed(isIndex(input, tensors.length), `the model input ${input} is not one of its tensors`);
    requireWellFormed(written[input] === 0, `the model input, tensor ${input}, is a constant or listed twice`);
    written[input] = 1;
  }
  for (const output of outputs) {
    requireWellFormed(isIndex(output, tensors.length), `the model output ${output} is not one of its tensors`);
  }
  return written;
}

function verifyOperator(operator: Operator, index: number, model: TfliteModel, written: Uint8Array): void {
  const { tensors } = model.subgraph;
  const codes = model.operatorCodes.length;
  requireWellFormed(operator.opcodeIndex < codes, `operator ${index} has the code ${operator.opcodeIndex} of ${codes}`);
  for (const input of operator.inputs) {
    if (input === -1) continue;
    requireWellFormed(isIndex(input, tensors.length), `operator ${index} reads tensor ${input} of ${tensors.length}`);
    requireWellFormed(written[input] === 1, `operator ${index} reads tensor ${input} before it is written (a cycle?)`);
  }
  for (const tensor of operator.intermediates) {
    requireWellFormed(isIndex(tensor, tensors.length), `operator ${index} uses tensor ${tensor} of ${tensors.length}`);
  }
  for (const output of operator.outputs) {
    requireWellFormed(
      isIndex(output, tensors.length),
      `operator ${index} writes tensor ${output} of ${tensors.length}`,
    );
    requireWellFormed(written[output] === 0, `operator ${index} writes tensor ${output}, which has a value already`);
    written[output] = 1;
  }
}

function isIndex(value: number, length: number): boolean {
  return value >= 0 && value < length;
}
