import { roundHalfAway } from '../math/round-half-away.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import type { Numerics } from '../numerics.ts';
import { TensorType, zeroPointRange } from '../tflite/tensor-type.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';

/** `ActivationFunctionType` of the TFLite schema, as far as it is a clamp. */
const BOUNDS: readonly (readonly [number, number])[] = [
  [-Infinity, Infinity],
  [0, Infinity],
  [-1, 1],
  [0, 6],
];

/**
 * Range that a fused activation (NONE, RELU, RELU_N1_TO_1, RELU6) leaves to an int8 or int16 output, in its units:
 * bounds are rounded as XNNPACK does (`xnn_qs8_quantize`: rne(bound / scale + zeroPoint) in float32), or half away from
 * zero before the zero point as TFLite's own kernels do (`CalculateActivationRangeQuantized`), always for int16.
 */
export function activationRange(
  context: PrepareContext,
  output: TensorQuantisation,
  type: number = TensorType.int8,
  numerics: Numerics = context.numerics,
): readonly [number, number] {
  const [low, high] = activationBounds(context);
  const [lowest, highest] = zeroPointRange(type);
  const quantise = numerics === 'fp32-rne' && type === TensorType.int8 ? roundLate : roundEarly;
  const within = (value: number): number => Math.max(lowest, Math.min(highest, value));
  return [within(quantise(low, output)), within(quantise(high, output))];
}

/** The same range of float32 outputs. */
export function activationBounds(context: PrepareContext): readonly [number, number] {
  const bounds = BOUNDS[context.option('fusedActivation')];
  return bounds ?? context.refuse('has a fused activation that is not a clamp');
}

function roundLate(bound: number, { scale, zeroPoint }: TensorQuantisation): number {
  return roundHalfEven(Math.fround(Math.fround(bound / scale) + zeroPoint));
}

function roundEarly(bound: number, { scale, zeroPoint }: TensorQuantisation): number {
  return roundHalfAway(Math.fround(bound / scale)) + zeroPoint;
}

/** Real bounds in units of an output, within its type's range `within`, rounded as TFLite's own kernels do. */
export function quantiseBounds(
  bounds: readonly [number, number],
  output: TensorQuantisation,
  within: readonly [number, number],
): readonly [number, number] {
  const quantised = (bound: number) => Math.max(within[0], Math.min(within[1], roundEarly(bound, output)));
  return [quantised(bounds[0]), quantised(bounds[1])];
}
