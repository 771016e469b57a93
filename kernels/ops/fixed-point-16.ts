const MAX = 32767;
const MIN = -32768;
const HALF = 16384;

/** e^(−1/8), 1/3 and e^(−2^n), n = −2 … 3, in Q0.15. */
const EXP_MINUS_EIGHTH = 28918;
const THIRD = 10923;
const POWERS: readonly number[] = [25520, 19875, 12055, 4435, 600, 11];

/** 48/17 and −32/17 in Q2.13, the linear start of the division, and 1. */
const START = 23130;
const SLOPE = -15420;
const ONE_Q2 = 8192;

/** 1 / (1 + e^−x) of x in Q3.12, as Q0.15 (gemmlowp fixedpoint.h, `logistic`, in 16 bits). */
export function logistic16(x: number): number {
  if (x === 0) return HALF;
  const positive = shiftLeft(doubledReciprocal(expOfNegative(-Math.abs(x), 3)), 1);
  return x > 0 ? positive : MAX - positive;
}

/** Hyperbolic tangent of x in Q3.12, as Q0.15 (gemmlowp fixedpoint.h, `tanh`, in 16 bits). */
export function tanh16(x: number): number {
  if (x === 0) return 0;
  // −2|x| in Q4.11 has the same bits as −|x| in Q3.12.
  const positive = shiftLeft(doubledReciprocal(expOfNegative(-Math.abs(x), 4)) - ONE_Q2, 2);
  return x > 0 ? positive : -positive;
}

/** e^x of x < 0 with `integerBits` integer bits: a polynomial on the last quarter, then a factor for every bit. */
function expOfNegative(x: number, integerBits: number): number {
  const quarterBit = 13 - integerBits;
  const quarter = 1 << quarterBit;
  const inQuarter = (x & (quarter - 1)) - quarter;
  let result = expOnQuarter(shiftLeft(inQuarter, integerBits));
  const rest = inQuarter - x;
  for (let bit = quarterBit; bit < 15; bit++) {
    if ((rest & (1 << bit)) !== 0) result = highMul(result, POWERS[bit - quarterBit]!);
  }
  return result;
}

/** e^a of −1/4 ≤ a < 0 in Q0.15: the Taylor polynomial of degree 4 around −1/8. */
function expOnQuarter(a: number): number {
  const x = a + 4096;
  const x2 = highMul(x, x);
  const x3 = highMul(x2, x);
  const x4 = highMul(x2, x2);
  const third = highMul(divide(x4, 4) + x3, THIRD);
  const tail = divide(third + x2, 2);
  return Math.min(MAX, EXP_MINUS_EIGHTH + highMul(EXP_MINUS_EIGHTH, x + tail));
}

/** 2 / (1 + a) of 0 ≤ a < 1 in Q0.15, as Q2.13: three steps of Newton and Raphson. */
function doubledReciprocal(a: number): number {
  const halfDenominator = Math.floor((a + MAX + 1) / 2);
  let x = START + highMul(halfDenominator, SLOPE);
  for (let step = 0; step < 3; step++) {
    const error = ONE_Q2 - highMul(halfDenominator, x);
    x += shiftLeft(highMul(x, error), 2);
  }
  return x;
}

/** Upper half of 2ab, rounded half up and saturated. */
function highMul(a: number, b: number): number {
  return Math.min(MAX, (a * b + HALF) >> 15);
}

/** value / divisor, a power of two, rounded half away from zero. */
function divide(value: number, divisor: number): number {
  return value < 0 ? -Math.floor(-value / divisor + 0.5) : Math.floor(value / divisor + 0.5);
}

function shiftLeft(value: number, bits: number): number {
  return Math.max(MIN, Math.min(MAX, value * (1 << bits)));
}
