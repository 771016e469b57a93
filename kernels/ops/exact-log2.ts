/** Exponent of a positive float32 that is close to a power of two, as TFLite's `CheckedLog2` judges it; else null. */
export function exactLog2(value: number): number | null {
  let exponent = 0;
  let rest = value;
  while (rest > Math.SQRT2) {
    rest /= 2;
    exponent++;
  }
  while (rest < Math.SQRT1_2) {
    rest *= 2;
    exponent--;
  }
  return Math.abs(rest - 1) < 1e-3 * Math.LN2 ? exponent : null;
}
