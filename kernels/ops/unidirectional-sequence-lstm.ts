import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { lstmFloat32 } from './lstm-float32.ts';
import type { LstmShape } from './lstm-int8.ts';
import { lstmInt8 } from './lstm-int8.ts';
import { lstmInt8Gate, lstmInt8Parameters } from './lstm-int8-parameters.ts';
import { gatesOf, type LstmGateOperands, type LstmOperands, lstmOperands } from './lstm-operands.ts';
import { type BoundAddresses, type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/**
 * UNIDIRECTIONAL_SEQUENCE_LSTM: int8 with an int16 cell state, or float32. Hidden and cell state are variables of the
 * model, so that a sequence goes on where the one before it ended.
 */
export const unidirectionalSequenceLstm: OperatorKernel = { code: Builtin.unidirectionalSequenceLstm, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  const { operands, shape } = lstmOperands(context);
  const { type } = operands.input.tensor;
  let bind: (addresses: BoundAddresses) => () => void;
  if (type === TensorType.int8) bind = prepareInt8(context, shape, operands);
  else if (type === TensorType.float32) bind = prepareFloat32(context, shape, operands);
  else return context.refuse('takes an input that is neither int8 nor float32');
  const { batches, steps, inputs, cells } = shape;
  return plainOperator(bind, { multiplyAdds: batches * steps * 4 * cells * (inputs + cells) });
}

function prepareInt8(context: PrepareContext, shape: LstmShape, operands: LstmOperands) {
  const { input, inputGate, forgetGate, cellGate, outputGate, hidden, cell, output } = operands;
  for (const { inputWeights, recurrentWeights, bias } of gatesOf(operands)) {
    context.requireType(inputWeights, TensorType.int8);
    context.requireType(recurrentWeights, TensorType.int8);
    context.requireType(bias, TensorType.int32);
  }
  context.requireType(hidden, TensorType.int8);
  context.requireType(cell, TensorType.int16);
  context.requireType(output, TensorType.int8);
  const parameters = lstmInt8Parameters(context, operands);
  const gates = [inputGate, forgetGate, cellGate, outputGate].map((gate) => lstmInt8Gate(context, operands, gate));
  const { buffer } = context.engine.uint8;
  return (addresses: BoundAddresses): (() => void) => {
    const bytes = ({ index, elements }: OperatorTensor) => new Int8Array(buffer, addresses.tensor(index), elements);
    const [first, second, third, fourth] = gates.map((bindGate) => bindGate(addresses));
    const layer = {
      ...shape,
      ...parameters,
      inputGate: first!,
      forgetGate: second!,
      cellGate: third!,
      outputGate: fourth!,
    };
    const state = new Int16Array(buffer, addresses.tensor(cell.index), cell.elements);
    const tensors = { input: bytes(input), hidden: bytes(hidden), cell: state, output: bytes(output) };
    return () => lstmInt8(layer, tensors);
  };
}

function prepareFloat32(context: PrepareContext, shape: LstmShape, operands: LstmOperands) {
  const { input, inputGate, forgetGate, cellGate, outputGate, hidden, cell, output } = operands;
  if (inputGate.inputWeights.tensor.type !== TensorType.float32)
    context.refuse('is hybrid: quantise its input as well');
  const weights = gatesOf(operands).flatMap((gate) => [gate.inputWeights, gate.recurrentWeights, gate.bias]);
  for (const tensor of [...weights, hidden, cell, output]) context.requireType(tensor, TensorType.float32);
  const clip = context.option('cellClip');
  if (!(clip >= 0)) context.refuse(`clips its cells at ${clip}`);
  const layer = { ...shape, cellClip: clip === 0 ? Infinity : clip };
  const { buffer } = context.engine.uint8;
  return ({ tensor }: BoundAddresses): (() => void) => {
    const view = ({ index, elements }: OperatorTensor) => new Float32Array(buffer, tensor(index), elements);
    const gate = ({ inputWeights, recurrentWeights, bias }: LstmGateOperands) => ({
      inputWeights: view(inputWeights),
      recurrentWeights: view(recurrentWeights),
      bias: view(bias),
    });
    const tensors = {
      inputGate: gate(inputGate),
      forgetGate: gate(forgetGate),
      cellGate: gate(cellGate),
      outputGate: gate(outputGate),
      input: view(input),
      hidden: view(hidden),
      cell: view(cell),
      output: view(output),
    };
    return () => lstmFloat32(layer, tensors);
  };
}
