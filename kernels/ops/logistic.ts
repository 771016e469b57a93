import { exp } from '../math/exp.ts';
import { roundHalfAway } from '../math/round-half-away.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { logistic16 } from './fixed-point-16.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';
import { exactLift, logisticInt16, sigmoidInput, sigmoidTable } from './sigmoid-int16.ts';
import { PROBABILITY_SCALE, PROBABILITY_ZERO_POINT } from './softmax.ts';
import { type FloatRow, prepareUnary, type QuantisedFunction } from './unary.ts';

/**
 * LOGISTIC: 1 / (1 + e^−x); int8 as the table that XNNPACK builds (operators/unary-elementwise-nc.c) or, in `reference`
 * numerics, the one of TFLite's own kernel; int16 as that kernel does, by table or for
 * inputs of the scale 2^-12 in 16-bit fixed point; float32.
 */
export const logistic: OperatorKernel = { code: Builtin.logistic, prepare };

/** Output scale that TFLite fixes for int16. */
const INT16_SCALE = 1 / 32768;

function prepare(context: PrepareContext): PreparedOperator {
  const int8: QuantisedFunction = (from, to) => {
    requireProbability(context, to);
    return context.numerics === 'reference' ? referenceForm(from) : nativeForm(from);
  };
  const int16: QuantisedFunction = (from, to) => {
    if (to.scale !== INT16_SCALE) context.refuse(`has the output scale ${to.scale} instead of 1/32768`);
    if (context.numerics !== 'reference' && exactLift(from.scale, 0) !== null) return logistic16;
    const table = sigmoidTable();
    const input = sigmoidInput(from.scale, 0) ?? context.refuse(`has the input scale ${from.scale}`);
    return (q) => logisticInt16(q, input, table);
  };
  return prepareUnary(context, { int8, int16, float32 });
}

function requireProbability(context: PrepareContext, { scale, zeroPoint }: TensorQuantisation): void {
  if (scale !== PROBABILITY_SCALE || zeroPoint !== PROBABILITY_ZERO_POINT) {
    context.refuse(`has the output scale ${scale} and zero point ${zeroPoint} instead of 1/256 and -128`);
  }
}

function nativeForm(from: TensorQuantisation): (q: number) => number {
  return (q) => {
    const probability = sigmoid(Math.fround(from.scale * (q - from.zeroPoint)));
    return clamp(roundHalfEven(Math.fround(probability / PROBABILITY_SCALE)) + PROBABILITY_ZERO_POINT);
  };
}

function referenceForm(from: TensorQuantisation): (q: number) => number {
  return (q) => {
    const x = Math.fround(from.scale * (q - from.zeroPoint));
    const probability = Math.fround(1 / Math.fround(1 + Math.fround(exp(-x))));
    return clamp(roundHalfAway(Math.fround(probability / PROBABILITY_SCALE)) + PROBABILITY_ZERO_POINT);
  };
}

/** float32 steps; the two branches keep the exponential from overflowing. */
function sigmoid(x: number): number {
  if (x < 0) return Math.fround(1 / Math.fround(1 + Math.fround(exp(-x))));
  return Math.fround(1 - Math.fround(1 / Math.fround(1 + Math.fround(exp(x)))));
}

function clamp(value: number): number {
  return Math.max(-128, Math.min(127, value));
}

const float32: FloatRow = (memory, from, to, count) => {
  for (let i = 0; i < count; i++) memory[to + i] = 1 / (1 + exp(-memory[from + i]!));
};
