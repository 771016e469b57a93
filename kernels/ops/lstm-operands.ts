import type { LstmShape } from './lstm-int8.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** One gate of the file: weights [cells × inputs] and [cells × cells], bias [cells]; all constant. */
export interface LstmGateOperands {
  readonly inputWeights: OperatorTensor;
  readonly recurrentWeights: OperatorTensor;
  readonly bias: OperatorTensor;
}

/** The operands of an LSTM without projection, peephole and layer normalisation. */
export interface LstmOperands {
  readonly input: OperatorTensor;
  readonly inputGate: LstmGateOperands;
  readonly forgetGate: LstmGateOperands;
  readonly cellGate: LstmGateOperands;
  readonly outputGate: LstmGateOperands;
  readonly hidden: OperatorTensor;
  readonly cell: OperatorTensor;
  readonly output: OperatorTensor;
}

/** Places of the operator's inputs (kernels/lstm_shared.h, `lstm::full`). */
const PLACES = { inputWeights: 1, recurrentWeights: 5, peephole: 9, bias: 12, projection: 16, hidden: 18, cell: 19 };
const LAYER_NORM = 20;
const TANH = 4;

/** Takes the 24 inputs (20 in old files) of UNIDIRECTIONAL_SEQUENCE_LSTM and checks that they fit one another. */
export function lstmOperands(context: PrepareContext): { readonly operands: LstmOperands; readonly shape: LstmShape } {
  context.requireArity(20, 24);
  requireAbsent(context, PLACES.peephole, 3, 'peephole connections');
  requireAbsent(context, PLACES.projection, 2, 'a projection');
  requireAbsent(context, LAYER_NORM, 4, 'layer normalisation');
  if (context.option('fusedActivation') !== TANH) context.refuse('has another activation than tanh');
  if (context.option('diagonal') !== 0) context.refuse('has diagonal recurrent weights');
  if (context.input(PLACES.inputWeights) === null) context.refuse('couples its input gate to its forget gate');
  const operands: LstmOperands = {
    input: context.activation(0),
    inputGate: gate(context, 0),
    forgetGate: gate(context, 1),
    cellGate: gate(context, 2),
    outputGate: gate(context, 3),
    hidden: context.variable(PLACES.hidden),
    cell: context.variable(PLACES.cell),
    output: context.output(),
  };
  return { operands, shape: shapeOf(context, operands) };
}

/** The fourth part of the operands that belongs to one gate: 0 input, 1 forget, 2 cell, 3 output. */
function gate(context: PrepareContext, index: number): LstmGateOperands {
  return {
    inputWeights: constant(context, PLACES.inputWeights + index),
    recurrentWeights: constant(context, PLACES.recurrentWeights + index),
    bias: constant(context, PLACES.bias + index),
  };
}

function constant(context: PrepareContext, position: number): OperatorTensor {
  const operand = context.operand(position);
  if (operand.constant === null) context.refuse(`has no constant as input ${position}`);
  return operand;
}

function requireAbsent(context: PrepareContext, from: number, count: number, what: string): void {
  for (let position = from; position < from + count; position++) {
    if (context.input(position) !== null) context.refuse(`has ${what}: export it without`);
  }
}

function shapeOf(context: PrepareContext, operands: LstmOperands): LstmShape {
  const { input, hidden, cell, output } = operands;
  const sizes = input.tensor.shape;
  if (sizes.length !== 3) context.refuse(`has an input of shape [${sizes}] instead of three dimensions`);
  const timeMajor = context.option('timeMajor') !== 0;
  const [outer, inner, inputs] = sizes as [number, number, number];
  const [steps, batches] = timeMajor ? [outer, inner] : [inner, outer];
  const cells = operands.outputGate.bias.elements;
  for (const { inputWeights, recurrentWeights, bias } of gatesOf(operands)) {
    requireShape(context, inputWeights, [cells, inputs]);
    requireShape(context, recurrentWeights, [cells, cells]);
    requireShape(context, bias, [cells]);
  }
  requireShape(context, output, [outer, inner, cells]);
  // TFLite takes states of one or two dimensions; only their size matters.
  if (hidden.elements !== batches * cells || cell.elements !== batches * cells || hidden.index === cell.index) {
    context.refuse(`has states of ${hidden.elements} and ${cell.elements} values for ${batches} times ${cells} cells`);
  }
  return { batches, steps, inputs, cells, timeMajor };
}

export function gatesOf(operands: LstmOperands): readonly LstmGateOperands[] {
  return [operands.inputGate, operands.forgetGate, operands.cellGate, operands.outputGate];
}

function requireShape(context: PrepareContext, { tensor }: OperatorTensor, shape: readonly number[]): void {
  if (tensor.shape.join() === shape.join()) return;
  context.refuse(`has the shape [${tensor.shape}] where it takes [${shape}] (${tensor.name})`);
}
