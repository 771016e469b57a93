import { TensorType } from '../tflite/tensor-type.ts';
import { activationBounds, activationRange } from './activation.ts';
import { addConstants } from './add-constants.ts';
import { addRun } from './add-plain.ts';
import { powerOfTwoSumRow } from './add-power-of-two.ts';
import { type AddParameters, addParameters, requantisedSum, scaledAddend } from './add-reference.ts';
import { type BinaryOperands, binaryOperands, binaryOperator, refuseType } from './binary.ts';
import type { BinaryRow } from './broadcast.ts';
import { prepareCompiledSum } from './compiled/sum.ts';
import type { PreparedOperator } from './operator.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';
import { symmetricQuantisation } from './symmetric.ts';

const INT8_LEFT_SHIFT = 20;
const INT16_LEFT_SHIFT = 15;

/** ADD and SUB, which differ in the sign of the second operand only. */
export function prepareAdditive(context: PrepareContext, sign: 1 | -1): PreparedOperator {
  const operands = binaryOperands(context);
  return prepareTiled(context, operands, sign) ?? binaryOperator(operands, rowFor(context, operands, sign));
}

/** On the compiled kernels: computed int8 operands of one shape whose scales XNNPACK takes; null for all others. */
function prepareTiled(context: PrepareContext, operands: BinaryOperands, sign: 1 | -1): PreparedOperator | null {
  const { a, b, output } = operands;
  const isAlike = `${a.tensor.shape}` === `${output.tensor.shape}` && `${b.tensor.shape}` === `${output.tensor.shape}`;
  if (!context.isCompiled || !context.isInt8(a, b, output) || !isAlike) return null;
  if (!context.isComputed(a) || !context.isComputed(b)) return null;
  const to = context.quantisation(output);
  const constants = addConstants(context.quantisation(a), context.quantisation(b), to, sign);
  return constants === null ? null : prepareCompiledSum(operands, constants, activationRange(context, to));
}

function rowFor(context: PrepareContext, operands: BinaryOperands, sign: 1 | -1): BinaryRow {
  switch (operands.type) {
    case TensorType.int8:
      return int8Row(context, operands, sign);
    case TensorType.int16:
      return int16Row(context, operands, sign);
    case TensorType.float32:
      return floatRow(context, sign);
    default:
      return refuseType(context, operands.type, 'int8, int16 or float32');
  }
}

function int8Row(context: PrepareContext, { a, b, output }: BinaryOperands, sign: 1 | -1): BinaryRow {
  const memory = context.engine.int8;
  const to = context.quantisation(output);
  const [fromA, fromB] = [context.quantisation(a), context.quantisation(b)];
  const constants = context.numerics === 'reference' ? null : addConstants(fromA, fromB, to, sign);
  if (constants !== null) {
    const clamp = activationRange(context, to);
    return (x, xStep, y, yStep, out, count) => addRun(memory, constants, clamp, x, xStep, y, yStep, out, count);
  }
  const range = activationRange(context, to, TensorType.int8, 'reference');
  const parameters = requireParameters(context, addParameters(fromA, fromB, to, sign, INT8_LEFT_SHIFT, range));
  return tableRow(memory, parameters);
}

function requireParameters(context: PrepareContext, parameters: AddParameters | null): AddParameters {
  return parameters ?? context.refuse('has an output scale too small for the scales of its inputs');
}

/** The reference form; an int8 operand has 256 values, so that scaling it is a table. */
function tableRow(memory: Int8Array, parameters: AddParameters): BinaryRow {
  const table = (addend: AddParameters['a']) =>
    Int32Array.from({ length: 256 }, (_, index) => scaledAddend(index - 128, addend, parameters.leftShift));
  const scaledA = table(parameters.a);
  const scaledB = table(parameters.b);
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const sum = scaledA[memory[a + i * aStep]! + 128]! + scaledB[memory[b + i * bStep]! + 128]!;
      memory[out + i] = requantisedSum(sum, parameters);
    }
  };
}

/** TFLite's reference form, except that TFLite itself adds int16 values by shifting where all scales allow it. */
function int16Row(context: PrepareContext, { a, b, output }: BinaryOperands, sign: 1 | -1): BinaryRow {
  const to = symmetricQuantisation(context, output);
  const [fromA, fromB] = [symmetricQuantisation(context, a), symmetricQuantisation(context, b)];
  const range = activationRange(context, to, TensorType.int16);
  const memory = context.engine.int16;
  if (context.numerics !== 'reference' && context.rawOption('potScaleInt16') !== false) {
    const row = powerOfTwoSumRow(memory, [fromA.scale, fromB.scale, to.scale], sign, range);
    if (row !== null) return row;
  }
  return referenceInt16Row(context, [fromA, fromB, to], sign, range);
}

function referenceInt16Row(
  context: PrepareContext,
  [fromA, fromB, to]: readonly [TensorQuantisation, TensorQuantisation, TensorQuantisation],
  sign: 1 | -1,
  range: readonly [number, number],
): BinaryRow {
  const memory = context.engine.int16;
  const parameters = requireParameters(context, addParameters(fromA, fromB, to, sign, INT16_LEFT_SHIFT, range));
  const { leftShift } = parameters;
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const first = scaledAddend(memory[a + i * aStep]!, parameters.a, leftShift);
      const second = scaledAddend(memory[b + i * bStep]!, parameters.b, leftShift);
      memory[out + i] = requantisedSum(first + second, parameters);
    }
  };
}

function floatRow(context: PrepareContext, sign: 1 | -1): BinaryRow {
  const [lowest, highest] = activationBounds(context);
  const memory = context.engine.float32;
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const sum = Math.fround(memory[a + i * aStep]! + sign * memory[b + i * bStep]!);
      memory[out + i] = Math.max(lowest, Math.min(highest, sum));
    }
  };
}
