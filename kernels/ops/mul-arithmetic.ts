import { roundHalfEven } from '../math/round-half-even.ts';
import { multiplyByQuantisedMultiplier, type QuantisedMultiplier } from './fixed-point.ts';

/** What both forms of a quantised product need beside its scale. */
export interface ProductFrame {
  readonly aZeroPoint: number;
  readonly bZeroPoint: number;
  readonly outputZeroPoint: number;
  readonly activationMin: number;
  readonly activationMax: number;
}

/** XNNPACK's qs8-vmul with fp32 requantisation: rne(float32(product) × scale). */
export function productByScale(a: number, b: number, scale: number, frame: ProductFrame): number {
  const product = (a - frame.aZeroPoint) * (b - frame.bZeroPoint);
  const value = roundHalfEven(Math.fround(product * scale)) + frame.outputZeroPoint;
  return Math.max(frame.activationMin, Math.min(frame.activationMax, value));
}

/** TFLite's reference MUL and CMSIS-NN's `arm_elementwise_mul`, for int8 and int16. */
export function productByMultiplier(a: number, b: number, factor: QuantisedMultiplier, frame: ProductFrame): number {
  const product = (a - frame.aZeroPoint) * (b - frame.bZeroPoint);
  const value = multiplyByQuantisedMultiplier(product, factor) + frame.outputZeroPoint;
  return Math.max(frame.activationMin, Math.min(frame.activationMax, value));
}
