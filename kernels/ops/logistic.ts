import { exp } from '../math/exp.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { prepareLookup } from './lookup.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { PROBABILITY_SCALE, PROBABILITY_ZERO_POINT } from './softmax.ts';

/** LOGISTIC: 1 / (1 + e^−x), int8, as the table that XNNPACK builds (operators/unary-elementwise-nc.c). */
export const logistic: OperatorKernel = { code: Builtin.logistic, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  context.requireType(input, TensorType.int8);
  context.requireType(output, TensorType.int8);
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  const { scale, zeroPoint } = context.quantisation(output);
  if (scale !== PROBABILITY_SCALE || zeroPoint !== PROBABILITY_ZERO_POINT) {
    context.refuse(`has the output scale ${scale} and zero point ${zeroPoint} instead of 1/256 and -128`);
  }
  const from = context.quantisation(input);
  return prepareLookup(context.engine, input, output, (q) => {
    const probability = sigmoid(Math.fround(from.scale * (q - from.zeroPoint)));
    const value = roundHalfEven(Math.fround(probability / PROBABILITY_SCALE)) + PROBABILITY_ZERO_POINT;
    return Math.max(-128, Math.min(127, value));
  });
}

/** float32 steps; the two branches keep the exponential from overflowing. */
function sigmoid(x: number): number {
  if (x < 0) return Math.fround(1 / Math.fround(1 + Math.fround(exp(-x))));
  return Math.fround(1 - Math.fround(1 / Math.fround(1 + Math.fround(exp(x)))));
}
