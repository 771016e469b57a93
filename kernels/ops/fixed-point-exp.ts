import { doublingHighMul, roundingDivideByPowerOfTwo } from './fixed-point.ts';

const INT32_MAX = 2147483647;
const INT32_MIN = -2147483648;

/** A quarter and one in Q5.26. */
const QUARTER = 1 << 24;
/** An eighth, 1/3 and e^(−1/8) in Q0.31. */
const EIGHTH = 1 << 28;
const THIRD = 715827883;
const EXP_MINUS_EIGHTH = 1895147668;

/** e^(−2^n) in Q0.31 for n = −2 … 4, with the bit of 2^n in Q5.26. */
const STEPS: readonly (readonly [bit: number, factor: number])[] = [
  [1 << 24, 1672461947],
  [1 << 25, 1302514674],
  [1 << 26, 790015084],
  [1 << 27, 290630308],
  [1 << 28, 39332535],
  [1 << 29, 720401],
  [1 << 30, 242],
];

/**
 * e^x of x ≤ 0 in Q5.26, as Q0.31 (gemmlowp fixedpoint.h, `exp_on_negative_values`): a polynomial on the last quarter,
 * then one factor for every bit of the quarters before it.
 */
export function fixedPointExp(x: number): number {
  if (x === 0) return INT32_MAX;
  const inQuarter = (x & (QUARTER - 1)) - QUARTER;
  let result = expOnQuarter(shiftLeftSaturating(inQuarter, 5));
  const rest = inQuarter - x;
  for (const [bit, factor] of STEPS) if ((rest & bit) !== 0) result = doublingHighMul(result, factor);
  return result;
}

/** e^a of −1/4 ≤ a < 0 in Q0.31: the Taylor polynomial of degree 4 around −1/8. */
function expOnQuarter(a: number): number {
  const x = a + EIGHTH;
  const x2 = doublingHighMul(x, x);
  const x3 = doublingHighMul(x2, x);
  const x4 = doublingHighMul(x2, x2);
  const third = doublingHighMul(roundingDivideByPowerOfTwo(x4, 2) + x3, THIRD);
  const tail = roundingDivideByPowerOfTwo(third + x2, 1);
  return EXP_MINUS_EIGHTH + doublingHighMul(EXP_MINUS_EIGHTH, x + tail);
}

/** 48/17 and −32/17 in Q2.29, the linear start of the division. */
const START = 1515870810;
const SLOPE = -1010580540;
const ONE_Q2 = 1 << 29;

/** 1 / (1 + a) of 0 ≤ a < 1 in Q0.31, as Q0.31: three steps of Newton and Raphson (gemmlowp fixedpoint.h). */
export function reciprocalOfOnePlus(a: number): number {
  const halfDenominator = Math.floor((a + INT32_MAX + 1) / 2);
  let x = START + doublingHighMul(halfDenominator, SLOPE);
  for (let step = 0; step < 3; step++) {
    const error = ONE_Q2 - doublingHighMul(halfDenominator, x);
    x += shiftLeftSaturating(doublingHighMul(x, error), 2);
  }
  return shiftLeftSaturating(x, 1);
}

function shiftLeftSaturating(value: number, bits: number): number {
  return Math.max(INT32_MIN, Math.min(INT32_MAX, value * (1 << bits)));
}
