import { multiplyByQuantisedMultiplier, type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import type { TensorQuantisation } from './prepare-context.ts';

/** One operand: its scale as a share of twice the larger input scale. */
export interface Addend {
  /** Minus its zero point. */
  readonly offset: number;
  /** Negative for what is subtracted. */
  readonly factor: QuantisedMultiplier;
}

/** Parameters of TFLite's reference ADD and SUB and of CMSIS-NN's `arm_elementwise_add`. */
export interface AddParameters {
  /** Bits that operands are lifted by before they are scaled: 20 for int8, 15 for int16. */
  readonly leftShift: number;
  readonly a: Addend;
  readonly b: Addend;
  readonly output: QuantisedMultiplier;
  /** Zero point of the output. */
  readonly outputOffset: number;
  readonly activationMin: number;
  readonly activationMax: number;
}

/**
 * Parameters for the given scales (kernels/add.cc and sub.cc, `Prepare`: the larger scale is doubled in float32, the
 * rest is double).
 *
 * @param sign of b: 1 adds, −1 subtracts
 * @returns null when the output scale is so small that its factor is no fraction, which TFLite refuses as well
 */
export function addParameters(
  a: TensorQuantisation,
  b: TensorQuantisation,
  output: TensorQuantisation,
  sign: 1 | -1,
  leftShift: number,
  [activationMin, activationMax]: readonly [number, number],
): AddParameters | null {
  const twiceLarger = 2 * Math.max(a.scale, b.scale);
  const outputFactor = twiceLarger / Math.fround((1 << leftShift) * output.scale);
  if (!(outputFactor < 1)) return null;
  const subtrahend = quantiseMultiplier(b.scale / twiceLarger);
  return {
    leftShift,
    a: { offset: -a.zeroPoint, factor: quantiseMultiplier(a.scale / twiceLarger) },
    b: { offset: -b.zeroPoint, factor: { multiplier: sign * subtrahend.multiplier, shift: subtrahend.shift } },
    output: quantiseMultiplier(outputFactor),
    outputOffset: output.zeroPoint,
    activationMin,
    activationMax,
  };
}

/** An operand on the common scale of the sum. */
export function scaledAddend(q: number, { offset, factor }: Addend, leftShift: number): number {
  return multiplyByQuantisedMultiplier((q + offset) << leftShift, factor);
}

/** The sum of two scaled operands as a quantised output. */
export function requantisedSum(sum: number, parameters: AddParameters): number {
  const value = multiplyByQuantisedMultiplier(sum, parameters.output) + parameters.outputOffset;
  return Math.max(parameters.activationMin, Math.min(parameters.activationMax, value));
}
