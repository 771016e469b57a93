import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { type BinaryOperands, binaryOperands, binaryOperator, refuseType } from './binary.ts';
import type { BinaryRow } from './broadcast.ts';
import { multiplyByQuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { requireRatio } from './requantise.ts';

/**
 * PRELU: x where x ≥ 0, alpha · x below, alpha being broadcast to the input; int8 as TFLite's own kernel in either
 * numerics (kernels/internal/reference/prelu.h; XNNPACK takes float32 only), and float32.
 */
export const prelu: OperatorKernel = { code: Builtin.prelu, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  const operands = binaryOperands(context);
  if (operands.a.elements !== operands.output.elements) context.refuse('broadcasts its input');
  if (operands.type === TensorType.int8) return binaryOperator(operands, int8Row(context, operands));
  if (operands.type === TensorType.float32) return binaryOperator(operands, floatRow(context.engine.float32));
  return refuseType(context, operands.type, 'int8 or float32');
}

function int8Row(context: PrepareContext, { a, b, output }: BinaryOperands): BinaryRow {
  const [from, slope, to] = [context.quantisation(a), context.quantisation(b), context.quantisation(output)];
  const positive = quantiseMultiplier(requireRatio(context, Math.fround(from.scale / to.scale)));
  const product = Math.fround(Math.fround(from.scale * slope.scale) / to.scale);
  const negative = quantiseMultiplier(requireRatio(context, product));
  const memory = context.engine.int8;
  return (x, xStep, alpha, alphaStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const value = memory[x + i * xStep]! - from.zeroPoint;
      const scaled =
        value >= 0
          ? multiplyByQuantisedMultiplier(value, positive)
          : multiplyByQuantisedMultiplier(value * (memory[alpha + i * alphaStep]! - slope.zeroPoint), negative);
      memory[out + i] = Math.max(-128, Math.min(127, scaled + to.zeroPoint));
    }
  };
}

function floatRow(memory: Float32Array): BinaryRow {
  return (x, xStep, alpha, alphaStep, out, count) => {
    for (let i = 0; i < count; i++) {
      const value = memory[x + i * xStep]!;
      memory[out + i] = value < 0 ? value * memory[alpha + i * alphaStep]! : value;
    }
  };
}
