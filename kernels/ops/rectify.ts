import { roundHalfAway } from '../math/round-half-away.ts';
import { multiplyByQuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import type { PreparedOperator } from './operator.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';
import { requireRatio } from './requantise.ts';
import { type FloatRow, prepareUnary, type QuantisedFunction } from './unary.ts';

/**
 * RELU and its bounded kin as operators of their own: min(max(x, lowest), highest). The int8 form is TFLite's own
 * kernel in either numerics (kernels/activations.cc, `QuantizedReluX`); XNNPACK agrees where it takes one.
 */
export function prepareRectifier(context: PrepareContext, lowest: number, highest: number): PreparedOperator {
  const int8: QuantisedFunction = (from, to) => {
    const factor = quantiseMultiplier(requireRatio(context, Math.fround(from.scale / to.scale)));
    const least = quantisedBound(lowest, to);
    const most = quantisedBound(highest, to);
    return (q) => {
      const value = multiplyByQuantisedMultiplier(q - from.zeroPoint, factor) + to.zeroPoint;
      return Math.max(least, Math.min(most, value));
    };
  };
  const float32: FloatRow = (memory, from, to, count) => {
    for (let i = 0; i < count; i++) memory[to + i] = Math.max(lowest, Math.min(highest, memory[from + i]!));
  };
  return prepareUnary(context, { int8, float32 });
}

/** A bound in int8 units of the output, rounded half away from zero. */
function quantisedBound(bound: number, { scale, zeroPoint }: TensorQuantisation): number {
  return Math.max(-128, Math.min(127, roundHalfAway(Math.fround(bound / scale)) + zeroPoint));
}
