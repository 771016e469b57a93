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
  const bounds = activationBounds(context);
  return [quantiseBound(bounds[0], output), quantiseBound(bounds[1], output)];
}

/** Real bounds that a fused activation sets. */
export function activationBounds(context: PrepareContext): readonly [number, number] {
  return BOUNDS[context.option('fusedActivation')] ?? context.refuse('has a fused activation that is not a clamp');
}

function quantiseBound(bound: number, { scale, zeroPoint }: TensorQuantisation): number {
  const value = Math.fround(Math.fround(bound / scale) + zeroPoint);
  return roundHalfEven(Math.max(-128, Math.min(127, value)));
}
