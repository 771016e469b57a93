import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { activationBounds, activationRange } from './activation.ts';
import { type BinaryOperands, binaryOperands, binaryOperator, refuseType } from './binary.ts';
import type { BinaryRow } from './broadcast.ts';
import { quantiseMultiplier } from './fixed-point.ts';
import { mulRun } from './mul-plain.ts';
import { type ProductFrame, productByMultiplier } from './mul-reference.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { symmetricQuantisation } from './symmetric.ts';

/** MUL: y = a · b with NumPy's broadcasting and a fused clamp; int8, int16, float32. */
export const mul: OperatorKernel = { code: Builtin.mul, prepare };

/** Product scales that XNNPACK takes, [2^-16, 2^8); others run in TFLite's own kernel. */
const SCALE_MIN = 1 / 65536;
const SCALE_LIMIT = 256;

/** Products of int8 values stay in int32 after a left shift by 14, those of int16 values by 1. */
const INT8_SCALE_MAX = 16384;
const INT16_SCALE_MAX = 2;

function prepare(context: PrepareContext): PreparedOperator {
  const operands = binaryOperands(context);
  return binaryOperator(operands, rowFor(context, operands));
}

function rowFor(context: PrepareContext, operands: BinaryOperands): BinaryRow {
  switch (operands.type) {
    case TensorType.int8:
      return int8Row(context, operands);
    case TensorType.int16:
      return int16Row(context, operands);
    case TensorType.float32:
      return floatRow(context);
    default:
      return refuseType(context, operands.type, 'int8, int16 or float32');
  }
}

function int8Row(context: PrepareContext, { a, b, output }: BinaryOperands): BinaryRow {
  const [fromA, fromB, to] = [context.quantisation(a), context.quantisation(b), context.quantisation(output)];
  const scale = productScale(context, fromA.scale, fromB.scale, to.scale, INT8_SCALE_MAX);
  const native = context.numerics !== 'reference' && scale >= SCALE_MIN && scale < SCALE_LIMIT;
  const numerics = native ? 'fp32-rne' : 'reference';
  const [activationMin, activationMax] = activationRange(context, to, TensorType.int8, numerics);
  const frame: ProductFrame = {
    aZeroPoint: fromA.zeroPoint,
    bZeroPoint: fromB.zeroPoint,
    outputZeroPoint: to.zeroPoint,
    activationMin,
    activationMax,
  };
  const memory = context.engine.int8;
  if (!native) return multiplierRow(memory, scale, frame);
  return (x, xStep, y, yStep, out, count) => mulRun(memory, scale, frame, x, xStep, y, yStep, out, count);
}

function int16Row(context: PrepareContext, { a, b, output }: BinaryOperands): BinaryRow {
  const to = symmetricQuantisation(context, output);
  const [aScale, bScale] = [symmetricQuantisation(context, a).scale, symmetricQuantisation(context, b).scale];
  const scale = productScale(context, aScale, bScale, to.scale, INT16_SCALE_MAX);
  const [activationMin, activationMax] = activationRange(context, to, TensorType.int16);
  const frame = { aZeroPoint: 0, bZeroPoint: 0, outputZeroPoint: 0, activationMin, activationMax };
  return multiplierRow(context.engine.int16, scale, frame);
}

/** Scale of a product in units of the output, in float32 steps as both libraries compute it. */
function productScale(context: PrepareContext, a: number, b: number, output: number, limit: number): number {
  const scale = Math.fround(Math.fround(a * b) / output);
  if (!(scale < limit)) context.refuse(`multiplies to ${scale} units of its output, ${limit} is too much`);
  return scale;
}

function multiplierRow(memory: Int8Array | Int16Array, scale: number, frame: ProductFrame): BinaryRow {
  const factor = quantiseMultiplier(scale);
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) {
      memory[out + i] = productByMultiplier(memory[a + i * aStep]!, memory[b + i * bStep]!, factor, frame);
    }
  };
}

function floatRow(context: PrepareContext): BinaryRow {
  const [lowest, highest] = activationBounds(context);
  const memory = context.engine.float32;
  return (a, aStep, b, bStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const product = Math.fround(memory[a + i * aStep]! * memory[b + i * bStep]!);
      memory[out + i] = Math.max(lowest, Math.min(highest, product));
    }
  };
}
