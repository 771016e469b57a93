const INVERSE_HALF_PI = 0.6366197723675814;
// pi/2 in two pieces of 33 bits, each with the rounded rest: n * piece is exact for n < 2^20.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_1_REST = 6.077100506506192e-11;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_2_REST = 2.0222662487959506e-21;

/** Largest |x| for which the pieces suffice: 2^20 quarter turns. */
export const ANGLE_MAX = 1647099;

/** Which quarter an angle lies in, for angles up to `ANGLE_MAX` radians; throws a RangeError beyond. */
export function quarterOf(x: number): number {
  if (Math.abs(x) > ANGLE_MAX) {
    throw new RangeError(`angle ${x} rad is beyond ±${ANGLE_MAX}: wrap the phase before taking sine or cosine`);
  }
  return Math.round(x * INVERSE_HALF_PI);
}

/**
 * x - n pi/2 as the sum of two doubles (Cody-Waite, fdlibm `e_rem_pio2.c`); calls
 * `evaluate(high, low)`. A callback keeps the pair off the heap: both ends are inlined by the compiler.
 */
export function reduceQuarterTurns(x: number, n: number, evaluate: (high: number, low: number) => number): number {
  let r = x - n * HALF_PI_1;
  let w = n * HALF_PI_1_REST;
  let high = r - w;
  // Cancellation ate the leading bits: subtract the next 33 bits of pi/2 before rounding. 33 + 33 + 53 bits are then
  // right; no double comes closer than 2^-62 (relative) to a multiple of pi/2, so fdlibm's third round is not needed.
  if (Math.abs(high) < Math.abs(x) * 0.0000152587890625) {
    const before = r;
    w = n * HALF_PI_2;
    r = before - w;
    w = n * HALF_PI_2_REST - (before - r - w);
    high = r - w;
  }
  return evaluate(high, r - high - w);
}
