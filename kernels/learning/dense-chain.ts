import type { Interpreter } from '../interpreter.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import type { TfliteModel } from '../tflite/model.ts';

/**
 * The dense layers that a gradient of the logits can reach: the unbroken run of FULLY_CONNECTED (and RESHAPE, which
 * moves nothing) that ends in the logits. Layers before another operator keep their frozen weights.
 *
 * @returns indices into `interpreter.adapterPoints`, in execution order; empty when no dense layer makes the logits
 */
export function findDenseChain(model: TfliteModel, interpreter: Interpreter): number[] {
  const { operators } = model.subgraph;
  const producerOf = (tensor: number): number => operators.findIndex((operator) => operator.outputs.includes(tensor));
  const chain: number[] = [];
  let tensor = logitsTensor(model);
  for (let at = producerOf(tensor); at >= 0; at = producerOf(tensor)) {
    const operator = operators[at]!;
    const builtin = model.operatorCodes[operator.opcodeIndex]!.builtin;
    if (builtin === Builtin.fullyConnected) {
      const point = interpreter.adapterPoints.findIndex((candidate) => candidate.operator === at);
      if (point < 0 || interpreter.adapterPoints[point]!.rows !== 1) break;
      chain.unshift(point);
    } else if (builtin !== Builtin.reshape) break;
    tensor = operator.inputs[0]!;
  }
  return chain;
}

/** What the final SOFTMAX reads, else the output: the tensor that `Interpreter.logits` views. */
function logitsTensor(model: TfliteModel): number {
  const { operators, outputs } = model.subgraph;
  const before = (tensor: number, builtin: number): number => {
    const operator = operators.find((candidate) => candidate.outputs.includes(tensor));
    if (operator === undefined || model.operatorCodes[operator.opcodeIndex]!.builtin !== builtin) return tensor;
    return operator.inputs[0]!;
  };
  return before(before(outputs[0]!, Builtin.dequantize), Builtin.softmax);
}
