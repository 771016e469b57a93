/** A real factor as TFLite's kernels hold it: multiplier × 2^(shift − 31), multiplier in Q31, [2^30, 2^31) or 0. */
export interface QuantisedMultiplier {
  readonly multiplier: number;
  readonly shift: number;
}

const TWO_31 = 2147483648;
const TWO_30 = 1073741824;
const TWO_24 = 16777216;
const INT32_MAX = 2147483647;
const INT32_MIN = -2147483648;

/** Decomposes a finite factor ≥ 0 (kernels/internal/quantization_util.cc, `QuantizeMultiplier`). */
export function quantiseMultiplier(factor: number): QuantisedMultiplier {
  if (factor === 0) return { multiplier: 0, shift: 0 };
  let fraction = factor;
  let shift = 0;
  // frexp: powers of two are exact, so the loop changes no bit of the fraction.
  while (fraction >= 1) {
    fraction /= 2;
    shift++;
  }
  while (fraction < 0.5) {
    fraction *= 2;
    shift--;
  }
  let multiplier = Math.floor(fraction * TWO_31 + 0.5);
  if (multiplier === TWO_31) {
    multiplier /= 2;
    shift++;
  }
  if (shift < -31) return { multiplier: 0, shift: 0 };
  if (shift > 30) return { multiplier: INT32_MAX, shift: 30 };
  return { multiplier, shift };
}

/**
 * Upper half of 2ab, rounded half up and saturated (gemmlowp, `SaturatingRoundingDoublingHighMul`), for int32 a and b.
 * The product exceeds 2^53, so b is split into 16-bit halves whose products are exact.
 */
export function doublingHighMul(a: number, b: number): number {
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX;
  const upper = a * (b >> 16);
  const lower = a * (b & 0xffff);
  // a·b = upper × 2^16 + lower, and upper = whole × 2^15 + rest.
  const whole = Math.floor(upper / 32768);
  const rest = upper - whole * 32768;
  return whole + Math.floor((rest * 65536 + lower + TWO_30) / TWO_31);
}

/** value / 2^exponent, rounded half away from zero (gemmlowp, `RoundingDivideByPOT`), exponent 0 to 31. */
export function roundingDivideByPowerOfTwo(value: number, exponent: number): number {
  const divisor = powerOfTwo(exponent);
  const mask = divisor - 1;
  const floor = Math.floor(value / divisor);
  const remainder = value - floor * divisor;
  const threshold = Math.floor(mask / 2) + (value < 0 ? 1 : 0);
  return remainder > threshold ? floor + 1 : floor;
}

/** Two-stage rounding of an int32 (kernels/internal/common.h, `MultiplyByQuantizedMultiplier`). */
export function multiplyByQuantisedMultiplier(value: number, { multiplier, shift }: QuantisedMultiplier): number {
  return multiplyByMultiplier(value, multiplier, shift);
}

/** The same with the two parts apart, as arrays of channels hold them. */
export function multiplyByMultiplier(value: number, multiplier: number, shift: number): number {
  const left = shift > 0 ? shift : 0;
  const right = shift > 0 ? 0 : -shift;
  return roundingDivideByPowerOfTwo(doublingHighMul((value * powerOfTwo(left)) | 0, multiplier), right);
}

/**
 * An int64 sum of int16 × int8 products times a factor, rounded half up once
 * (`MultiplyByQuantizedMultiplier(int64_t, …)`): the multiplier is reduced to 15 bits first.
 *
 * @param value whole, |value| ≤ 2^47
 * @param shift −31 to 7
 */
export function multiplyWideByMultiplier(value: number, multiplier: number, shift: number): number {
  const reduced = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
  const bits = 15 - shift;
  // The product may exceed 2^53, so value = upper × 2^24 + lower, and both products are exact.
  const upper = Math.floor(value / TWO_24);
  const lower = value - upper * TWO_24;
  const small = lower * reduced + wholePowerOfTwo(bits - 1);
  if (bits <= 24) return upper * reduced * wholePowerOfTwo(24 - bits) + Math.floor(small / wholePowerOfTwo(bits));
  const divisor = wholePowerOfTwo(bits - 24);
  const whole = Math.floor((upper * reduced) / divisor);
  const rest = upper * reduced - whole * divisor;
  return whole + Math.floor((rest * TWO_24 + small) / wholePowerOfTwo(bits));
}

/** 2^exponent, 0 to 60: a product of two that int32 shifts can make. */
function wholePowerOfTwo(exponent: number): number {
  return exponent < 31 ? 1 << exponent : TWO_30 * (1 << (exponent - 30));
}

function powerOfTwo(exponent: number): number {
  return exponent < 31 ? 1 << exponent : TWO_31;
}
