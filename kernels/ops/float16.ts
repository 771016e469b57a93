import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';

/** Value of an IEEE 754 binary16 by its 16 bits; exact, every one is a float32. */
export function float16Value(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * scaleByPowerOfTwo(fraction, -24);
  return sign * scaleByPowerOfTwo(1024 + fraction, exponent - 25);
}
