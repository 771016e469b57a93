import { Builtin } from '../tflite/builtin-operator.ts';
import { type HardSwishParameters, hardSwishInt8, hardSwishParameters } from './hard-swish-fixed-point.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { type FloatRow, prepareUnary, type QuantisedFunction } from './unary.ts';

/**
 * HARD_SWISH: x · min(max(x + 3, 0), 6) / 6; int8 as TFLite's own kernel in either numerics, float32 in the order of
 * XNNPACK's f32-vhswish.
 */
export const hardSwish: OperatorKernel = { code: Builtin.hardSwish, prepare };

const SIXTH = Math.fround(1 / 6);

function prepare(context: PrepareContext): PreparedOperator {
  const int8: QuantisedFunction = (from, to) => {
    const parameters: HardSwishParameters | null = hardSwishParameters(from, to);
    if (parameters === null) return context.refuse('has an output scale too small for the scale of its input');
    return (q) => hardSwishInt8(q, parameters);
  };
  return prepareUnary(context, { int8, float32 });
}

const float32: FloatRow = (memory, from, to, count) => {
  for (let i = 0; i < count; i++) {
    const x = memory[from + i]!;
    const gate = Math.max(0, Math.min(6, Math.fround(x + 3)));
    memory[to + i] = Math.fround(x * SIXTH) * gate;
  }
};
