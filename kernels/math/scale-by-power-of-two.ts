/**
 * x * 2^k for integer k in [-1100, 1100], exact unless the result leaves the range of normal doubles (then rounded
 * once). Repeated squaring instead of writing exponent bits: no scratch buffer, no byte order, and k is small in use.
 */
export function scaleByPowerOfTwo(x: number, k: number): number {
  // A single factor below 2^-1022 would round twice; two steps keep the first product normal.
  if (k < -1000) return scaleByPowerOfTwo(scaleByPowerOfTwo(x, -900), k + 900);
  if (k > 1000) return scaleByPowerOfTwo(scaleByPowerOfTwo(x, 900), k - 900);
  let factor = k < 0 ? 0.5 : 2;
  let remaining = k < 0 ? -k : k;
  let y = x;
  while (remaining !== 0) {
    if ((remaining & 1) !== 0) y *= factor;
    factor *= factor;
    remaining >>= 1;
  }
  return y;
}
