import { roundingDivideByPowerOfTwo } from './fixed-point.ts';

/**
 * Exponential functions of 16-bit fixed-point numbers as gemmlowp computes them (fixedpoint/fixedpoint.h with
 * `FixedPoint<int16_t, n>`): what TFLite's builtin LSTM uses. Qn.m has n integer and m = 15 − n fraction bits; all
 * constants are gemmlowp's Q31 ones rounded to 16 bits.
 */
const ONE = 32767;
const ONE_IN_Q2 = 8192;
const EXP_MINUS_EIGHTH = 28918;
const THIRD = 10923;
/** 48/17 and −32/17 in Q2.13, where Newton's iteration for a reciprocal begins. */
const START = 23130;
const SLOPE = -15420;
/** e^−(2^k) in Q0.15 for k = −2 to 4. */
const EXP_MINUS_POWERS = [25520, 19875, 12055, 4435, 600, 11, 0];

/** 1 / (1 + e^−x): Q3.12 to Q0.15. */
export function logisticInt16(x: number): number {
  if (x === 0) return 16384;
  const positive = reciprocalOfOnePlus(expOfNegative(x < 0 ? x : -x, 3));
  return x > 0 ? positive : ONE - positive;
}

/** tanh x: Qn.(15 − n) with n = `integerBits`, 0 to 6, to Q0.15. */
export function tanhInt16(x: number, integerBits: number): number {
  if (x === 0) return 0;
  // The same bits read with one integer bit more are twice the number.
  const size = oneMinusOverOnePlus(expOfNegative(x < 0 ? x : -x, integerBits + 1));
  return x < 0 ? -size : size;
}

/** e^x for x ≤ 0 in Qn.(15 − n), to Q0.15: the last quarter by a polynomial, the rest as a product of constants. */
function expOfNegative(x: number, integerBits: number): number {
  if (x === 0) return ONE;
  const fractionBits = 15 - integerBits;
  if (integerBits > 5 && x < -(1 << (20 - integerBits))) return 0;
  const quarter = 1 << (fractionBits - 2);
  const last = (x & (quarter - 1)) - quarter;
  const rest = last - x;
  let result = expOfLastQuarter(last << integerBits);
  for (let k = -2; k < integerBits && k <= 4; k++) {
    if ((rest & (1 << (fractionBits + k))) !== 0) result = multiply(result, EXP_MINUS_POWERS[k + 2]!);
  }
  return result;
}

/** e^x for −1/4 ≤ x < 0 in Q0.15: Taylor's series around −1/8. */
function expOfLastQuarter(x: number): number {
  const t = x + 4096;
  const t2 = multiply(t, t);
  const t3 = multiply(t2, t);
  const quarterOfT4 = roundingDivideByPowerOfTwo(multiply(t2, t2), 2);
  const tail = roundingDivideByPowerOfTwo(multiply(quarterOfT4 + t3, THIRD) + t2, 1);
  return saturate(EXP_MINUS_EIGHTH + multiply(EXP_MINUS_EIGHTH, t + tail));
}

/** 1 / (1 + x) for x in (0, 1), Q0.15. */
function reciprocalOfOnePlus(x: number): number {
  return scaleUp(reciprocalOfHalf(x), 1);
}

/** (1 − x) / (1 + x) for x in (0, 1), Q0.15. */
function oneMinusOverOnePlus(x: number): number {
  return scaleUp(reciprocalOfHalf(x) - ONE_IN_Q2, 2);
}

/** 2 / (1 + x) in Q2.13: three steps of Newton. */
function reciprocalOfHalf(x: number): number {
  const halfDenominator = (x + ONE + 1) >> 1;
  let y = START + multiply(halfDenominator, SLOPE);
  for (let step = 0; step < 3; step++) {
    const error = ONE_IN_Q2 - multiply(halfDenominator, y);
    y += scaleUp(multiply(y, error), 2);
  }
  return y;
}

/** Rounded product of Q0.15 with any format (`SaturatingRoundingDoublingHighMul`); the factors are never both −1. */
function multiply(a: number, b: number): number {
  return (a * b + 16384) >> 15;
}

/** x × 2^bits, saturated (`SaturatingRoundingMultiplyByPOT`). */
function scaleUp(x: number, bits: number): number {
  return saturate(x << bits);
}

function saturate(x: number): number {
  return Math.max(-32768, Math.min(32767, x));
}
