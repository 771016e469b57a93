import { multiplyByQuantisedMultiplier, type QuantisedMultiplier } from './fixed-point.ts';

/** What a quantised product needs beside its scale. */
export interface ProductFrame {
  readonly aZeroPoint: number;
  readonly bZeroPoint: number;
  readonly outputZeroPoint: number;
  readonly activationMin: number;
  readonly activationMax: number;
}

/** TFLite's reference MUL and CMSIS-NN's `arm_elementwise_mul`, for int8 and int16. */
export function productByMultiplier(a: number, b: number, factor: QuantisedMultiplier, frame: ProductFrame): number {
  const product = (a - frame.aZeroPoint) * (b - frame.bZeroPoint);
  const value = multiplyByQuantisedMultiplier(product, factor) + frame.outputZeroPoint;
  return Math.max(frame.activationMin, Math.min(frame.activationMax, value));
}
