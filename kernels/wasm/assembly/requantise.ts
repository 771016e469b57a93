/** 1.5 × 2^23: adding it to a float32 of magnitude below 2^22 leaves the nearest-even integer in the low mantissa. */
const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

/** What `requantise` subtracts to leave q, given the zero point, or q − zeroPoint, given 0. */
// @ts-ignore: decorator
@inline
export function magicMinus(zeroPoint: i32): v128 {
  return i32x4.splat(MAGIC_BITS - zeroPoint);
}

/**
 * Four accumulators to four quantised values in int32 lanes: rne(clamp(f32(acc) × scale, low, high)) + zeroPoint, the
 * fp32 requantisation of XNNPACK (qs8-requantization/fp32). `low` and `high` are the activation range minus the zero
 * point. Clamping to integers before rounding equals clamping after it and keeps the sum with MAGIC exact for any
 * accumulator. pmin and pmax are one x86 instruction each; no operand is NaN, because scales are finite and not zero.
 */
// @ts-ignore: decorator
@inline
export function requantise(accumulator: v128, scale: v128, low: v128, high: v128, magic: v128): v128 {
  let value = f32x4.mul(f32x4.convert_i32x4_s(accumulator), scale);
  value = f32x4.pmin(f32x4.pmax(value, low), high);
  return i32x4.sub(f32x4.add(value, f32x4.splat(MAGIC)), magic);
}

/** Stores the first `count` of eight int16, 1 to 8; nothing behind them is touched. */
// @ts-ignore: decorator
@inline
export function storeWide(address: usize, values: v128, count: i32): void {
  if (count >= 8) {
    v128.store(address, values);
    return;
  }
  let rest = values;
  if (count & 4) {
    v128.store64_lane(address, rest, 0);
    address += 8;
    rest = v128.shuffle<i8>(rest, rest, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  }
  if (count & 2) {
    v128.store32_lane(address, rest, 0);
    address += 4;
    rest = i64x2.shr_u(rest, 32);
  }
  if (count & 1) v128.store16_lane(address, rest, 0);
}

/** Stores the first `count` of eight int8 in the low half, 1 to 8; nothing behind them is touched. */
// @ts-ignore: decorator
@inline
export function storeNarrow(address: usize, values: v128, count: i32): void {
  if (count >= 8) {
    v128.store64_lane(address, values, 0);
    return;
  }
  let rest = values;
  if (count & 4) {
    v128.store32_lane(address, rest, 0);
    address += 4;
    rest = i64x2.shr_u(rest, 32);
  }
  if (count & 2) {
    v128.store16_lane(address, rest, 0);
    address += 2;
    rest = i64x2.shr_u(rest, 16);
  }
  if (count & 1) v128.store8_lane(address, rest, 0);
}

/** Eight requantised values, in two vectors of int32, a stride of bytes apart, the first `count` of them. */
// @ts-ignore: decorator
@inline
export function scatterEight(address: usize, low: v128, high: v128, wide: bool, count: i32, stride: usize): void {
  let values = i16x8.narrow_i32x4_s(low, high);
  for (let lane = min(count, 8); lane > 0; lane--) {
    if (wide) v128.store16_lane(address, values, 0);
    else v128.store8_lane(address, values, 0);
    address += stride;
    values = v128.shuffle<i16>(values, values, 1, 2, 3, 4, 5, 6, 7, 0);
  }
}

/** Eight requantised values, in two vectors of int32, as int8 or as int16. */
// @ts-ignore: decorator
@inline
export function storeEight(address: usize, low: v128, high: v128, wide: bool, count: i32): void {
  const values = i16x8.narrow_i32x4_s(low, high);
  if (wide) storeWide(address, values, count);
  else storeNarrow(address, i8x16.narrow_i16x8_s(values, values), count);
}
