import { roundHalfAway } from '../math/round-half-away.ts';
import { tanh as hyperbolicTangent } from '../math/tanh.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { tanh16 } from './fixed-point-16.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { exactLift, sigmoidInput, sigmoidTable, tanhInt16 } from './sigmoid-int16.ts';
import { type FloatRow, prepareUnary, type QuantisedFunction } from './unary.ts';

/** TANH: int8 and int16 as TFLite's own kernels in either numerics (kernels/activations.cc), float32. */
export const tanh: OperatorKernel = { code: Builtin.tanh, prepare };

/** Output scale that TFLite fixes for int16. */
const INT16_SCALE = 1 / 32768;

function prepare(context: PrepareContext): PreparedOperator {
  return prepareUnary(context, { int8, int16: int16Form(context), float32 });
}

/** A table of float32 steps, each rounded once, the result half away from zero (`PopulateLookupTable`). */
const int8: QuantisedFunction = (from, to) => {
  const inverse = Math.fround(1 / to.scale);
  return (q) => {
    const real = Math.fround(hyperbolicTangent(Math.fround(from.scale * (q - from.zeroPoint))));
    const value = roundHalfAway(Math.fround(real * inverse)) + to.zeroPoint;
    return Math.max(-128, Math.min(127, value));
  };
};

/** By table, except that TFLite itself computes inputs of the scales 2^-12 and 2^-11 in 16-bit fixed point. */
function int16Form(context: PrepareContext): QuantisedFunction {
  return (from, to) => {
    if (to.scale !== INT16_SCALE) context.refuse(`has the output scale ${to.scale} instead of 1/32768`);
    const lift = exactLift(from.scale, 1);
    if (lift !== null && context.numerics !== 'reference') {
      return (q) => tanh16(Math.max(-32768, Math.min(32767, q << lift)));
    }
    const table = sigmoidTable();
    const input = sigmoidInput(from.scale, 1) ?? context.refuse(`has the input scale ${from.scale}`);
    return (q) => tanhInt16(q, input, table);
  };
}

const float32: FloatRow = (memory, from, to, count) => {
  for (let i = 0; i < count; i++) memory[to + i] = hyperbolicTangent(memory[from + i]!);
};
