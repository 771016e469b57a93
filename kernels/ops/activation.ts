import { roundHalfAway } from '../math/round-half-away.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';

/** `ActivationFunctionType` of the TFLite schema, as far as it is a clamp. */
const BOUNDS: readonly (readonly [number, number])[] = [
  [-Infinity, Infinity],
  [0, Infinity],
  [-1, 1],
  [0, 6],
];

/**
 * int8 range that a fused activation leaves: [min, max] of NONE, RELU, RELU_N1_TO_1 or RELU6 in units of the output,
 * rounded as XNNPACK does (`xnn_qs8_quantize`: rne(bound / scale + zeroPoint) in float32).
 */
export function activationRange(context: PrepareContext, output: TensorQuantisation): readonly [number, number] {
  const [lowest, highest] = activationBounds(context);
  return [quantiseBound(lowest, output), quantiseBound(highest, output)];
}

/** Real bounds of the fused activation, infinite where it has none. */
export function activationBounds(context: PrepareContext): readonly [number, number] {
  return BOUNDS[context.option('fusedActivation')] ?? context.refuse('has a fused activation that is not a clamp');
}

/**
 * The bounds in units of the output, within its type's range `within`, rounded half away from zero as TFLite's own
 * kernels do (kernels/kernel_util.cc, `CalculateActivationRangeQuantized`).
 */
export function quantiseBounds(
  bounds: readonly [number, number],
  { scale, zeroPoint }: TensorQuantisation,
  within: readonly [number, number],
): readonly [number, number] {
  const quantised = (bound: number) =>
    Math.max(within[0], Math.min(within[1], roundHalfAway(Math.fround(bound / scale)) + zeroPoint));
  return [quantised(bounds[0]), quantised(bounds[1])];
}

function quantiseBound(bound: number, { scale, zeroPoint }: TensorQuantisation): number {
  const value = Math.fround(Math.fround(bound / scale) + zeroPoint);
  return roundHalfEven(Math.max(-128, Math.min(127, value)));
}
