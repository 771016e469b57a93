/** 1.5 × 2^23: adding it to a float32 of magnitude below 2^22 leaves the nearest-even integer in the low mantissa. */
const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

/**
 * Four accumulators to four quantised values in int32 lanes: rne(clamp(f32(acc) × scale, low, high)) + zeroPoint, the
 * fp32 requantisation of XNNPACK (qs8-requantization/fp32). `low` and `high` are the activation range minus the zero
 * point. Clamping to integers before rounding equals clamping after it and keeps the sum with MAGIC exact for any
 * accumulator. pmin and pmax are one x86 instruction each; no operand is NaN, because scales are finite and not zero.
 */
// @ts-ignore: decorator
@inline
export function requantise(accumulator: v128, scale: v128, low: v128, high: v128, zeroPoint: v128): v128 {
  let value = f32x4.mul(f32x4.convert_i32x4_s(accumulator), scale);
  value = f32x4.pmin(f32x4.pmax(value, low), high);
  value = f32x4.add(value, f32x4.splat(MAGIC));
  return i32x4.add(i32x4.sub(value, i32x4.splat(MAGIC_BITS)), zeroPoint);
}
