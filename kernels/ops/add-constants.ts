import { roundHalfEven } from '../math/round-half-even.ts';
import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';
import type { TensorQuantisation } from './prepare-context.ts';

/** Integers that add two int8 values: clamp(((bias + a·aMultiplier + b·bMultiplier) >> shift) + zeroPoint). */
export interface AddConstants {
  /** |multiplier| ≤ 2^21, the larger of the two ≥ 2^20; negative for what is subtracted. */
  readonly aMultiplier: number;
  readonly bMultiplier: number;
  /** Half of 2^shift for the rounding, less what the zero points of the inputs contribute; the sum stays in int32. */
  readonly bias: number;
  /** 13 to 30. */
  readonly shift: number;
  /** Zero point of the output. */
  readonly zeroPoint: number;
}

/** Ratios of scales that XNNPACK's addition takes, [2^-10, 2^8); others run in TFLite's own kernel. */
const RATIO_MIN = 1 / 1024;
const RATIO_LIMIT = 256;

const MULTIPLIER_BITS = 20;

/**
 * Constants of XNNPACK's qs8-vadd: the ratios input scale / output scale in fixed point, the larger with 21 bits (rne),
 * the result rounded half up.
 *
 * @param sign of b: 1 adds, −1 subtracts
 * @returns null for ratios that XNNPACK leaves to TFLite
 */
export function addConstants(
  a: TensorQuantisation,
  b: TensorQuantisation,
  output: TensorQuantisation,
  sign: 1 | -1,
): AddConstants | null {
  const aRatio = Math.fround(a.scale / output.scale);
  const bRatio = Math.fround(b.scale / output.scale);
  const larger = Math.max(aRatio, bRatio);
  if (!(Math.min(aRatio, bRatio) >= RATIO_MIN && larger < RATIO_LIMIT)) return null;
  let exponent = 0;
  while (scaleByPowerOfTwo(1, exponent + 1) <= larger) exponent++;
  while (scaleByPowerOfTwo(1, exponent) > larger) exponent--;
  const shift = MULTIPLIER_BITS - exponent;
  const aMultiplier = roundHalfEven(scaleByPowerOfTwo(aRatio, shift));
  const bMultiplier = sign * roundHalfEven(scaleByPowerOfTwo(bRatio, shift));
  const bias = scaleByPowerOfTwo(1, shift - 1) - aMultiplier * a.zeroPoint - bMultiplier * b.zeroPoint;
  return { aMultiplier, bMultiplier, bias, shift, zeroPoint: output.zeroPoint };
}
