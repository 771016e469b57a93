import { BOUNDED, OUT_WIDE } from './records';

/** 1.5 × 2^23: adding it to a float32 of magnitude below 2^22 leaves the nearest-even integer in the low mantissa. */
const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

/** Vectors that `requantise` needs: read from memory they cost one instruction each, made anew four. */
const constants: usize = memory.data(96, 16);
const LOW: usize = 0;
const HIGH: usize = 16;
const ADD: usize = 32;
const SUBTRACT: usize = 48;
const LOWEST: usize = 64;
const HIGHEST: usize = 80;

/**
 * Sets what all following `requantise` use: the activation range minus the zero point, and the zero point that results
 * are to have, or 0 for q − zeroPoint.
 */
// @ts-ignore: decorator
@inline
export function setRequantisation(low: f32, high: f32, zeroPoint: i32): void {
  v128.store(constants, f32x4.splat(low), LOW);
  v128.store(constants, f32x4.splat(high), HIGH);
  v128.store(constants, f32x4.splat(MAGIC), ADD);
  v128.store(constants, i32x4.splat(MAGIC_BITS - zeroPoint), SUBTRACT);
  v128.store(constants, i16x8.splat(<i16>(<i32>low + zeroPoint)), LOWEST);
  v128.store(constants, i16x8.splat(<i16>(<i32>high + zeroPoint)), HIGHEST);
}

/**
 * Four accumulators to four quantised values in int32 lanes: rne(clamp(f32(acc) × scale, low, high)) + zeroPoint, the
 * fp32 requantisation of XNNPACK (qs8-requantization/fp32). Clamping to integers before rounding equals clamping after
 * it and keeps the sum with MAGIC exact for any accumulator. pmin and pmax are one x86 instruction each; no operand is
 * NaN, because scales are finite and not zero.
 */
// @ts-ignore: decorator
@inline
export function requantise(accumulator: v128, scale: v128): v128 {
  let value = f32x4.mul(f32x4.convert_i32x4_s(accumulator), scale);
  value = f32x4.pmin(f32x4.pmax(value, v128.load(constants, LOW)), v128.load(constants, HIGH));
  return i32x4.sub(f32x4.add(value, v128.load(constants, ADD)), v128.load(constants, SUBTRACT));
}

/** The same without the clamp: for accumulators whose product with the scale stays below 2^22. */
// @ts-ignore: decorator
@inline
function requantiseBounded(accumulator: v128, scale: v128): v128 {
  const value = f32x4.mul(f32x4.convert_i32x4_s(accumulator), scale);
  return i32x4.sub(f32x4.add(value, v128.load(constants, ADD)), v128.load(constants, SUBTRACT));
}

/** Eight such accumulators to eight quantised values in int16 lanes, clamped there, in half as many vectors. */
// @ts-ignore: decorator
@inline
export function requantiseEightBounded(a: v128, b: v128, aScale: v128, bScale: v128): v128 {
  const values = i16x8.narrow_i32x4_s(requantiseBounded(a, aScale), requantiseBounded(b, bScale));
  return i16x8.min_s(i16x8.max_s(values, v128.load(constants, LOWEST)), v128.load(constants, HIGHEST));
}

/** Eight accumulators to eight quantised values in int16 lanes. */
// @ts-ignore: decorator
@inline
export function requantiseEight(a: v128, b: v128, aScale: v128, bScale: v128): v128 {
  return i16x8.narrow_i32x4_s(requantise(a, aScale), requantise(b, bScale));
}

/** Eight accumulators likewise: of bounded ones where `S` is i16, of any where it is i8. */
// @ts-ignore: decorator
@inline
export function eight<S>(a: v128, b: v128, aScale: v128, bScale: v128): v128 {
  return sizeof<S>() == 2 ? requantiseEightBounded(a, b, aScale, bScale) : requantiseEight(a, b, aScale, bScale);
}

/**
 * Whether a layer can go by the forms of its kernels whose `S` is i16: sums are bounded, and the output is wide, so that
 * whole vectors can be stored. Absent channels become zeros (the range of an activation holds its zero point), as the
 * border behind a row of pixels is; a pixel behind is written later, and so is the first panel of channels, which
 * comes last.
 */
export function isWhole(record: usize): bool {
  return load<i32>(record, BOUNDED) && load<i32>(record, OUT_WIDE);
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

/** Eight requantised values as int8 or as int16, the first `count` of them. */
// @ts-ignore: decorator
@inline
export function storeEight(address: usize, values: v128, wide: bool, count: i32): void {
  if (count < 8) storeSome(address, values, wide, count);
  else if (wide) v128.store(address, values);
  else v128.store64_lane(address, i8x16.narrow_i16x8_s(values, values), 0);
}

/** Fewer than eight: a function of its own, because `storeEight` stands in many places and seldom has that. */
function storeSome(address: usize, values: v128, wide: bool, count: i32): void {
  if (wide) storeWide(address, values, count);
  else storeNarrow(address, i8x16.narrow_i16x8_s(values, values), count);
}
