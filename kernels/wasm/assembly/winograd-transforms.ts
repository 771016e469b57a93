import { requantiseEight, storeEight } from './requantise';

/** What four outputs of three taps take: Winograd's F(4, 3) (Lavin and Gray, arXiv 1509.09308, §4.3), in integers. */
export const SIX: usize = 6;
export const FOUR: usize = 4;

/**
 * Bᵀ d of six int16 in each of eight lanes, `step` bytes apart, to six, `plane` bytes apart; |results| ≤ 10 × |d|, with
 * Bᵀ = [4 0 −5 0 1 0; 0 −4 −4 1 1 0; 0 4 −4 −1 1 0; 0 −2 −1 2 1 0; 0 2 −1 −2 1 0; 0 4 0 −5 0 1].
 */
// @ts-ignore: decorator
@inline
export function transformInput(from: usize, step: usize, to: usize, plane: usize): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + step);
  const d2 = v128.load(from + 2 * step);
  const d3 = v128.load(from + 3 * step);
  const d4 = v128.load(from + 4 * step);
  const d5 = v128.load(from + 5 * step);
  const fourTwo = i16x8.sub(d4, d2);
  const threeOne = i16x8.sub(d3, d1);
  const twice = i16x8.shl(threeOne, 1);
  const even = i16x8.sub(d4, i16x8.shl(d2, 2));
  const odd = i16x8.sub(d3, i16x8.shl(d1, 2));
  v128.store(to, i16x8.add(i16x8.shl(i16x8.sub(d0, d2), 2), fourTwo));
  v128.store(to + plane, i16x8.add(even, odd));
  v128.store(to + 2 * plane, i16x8.sub(even, odd));
  v128.store(to + 3 * plane, i16x8.add(fourTwo, twice));
  v128.store(to + 4 * plane, i16x8.sub(fourTwo, twice));
  v128.store(to + 5 * plane, i16x8.sub(i16x8.sub(d5, d3), i16x8.shl(twice, 1)));
}

/**
 * Aᵀ m of four channels, `step` bytes apart, to four outputs, `stride` bytes apart, with
 * Aᵀ = [1 1 1 1 1 0; 0 1 −1 2 −2 0; 0 1 1 4 4 0; 0 1 −1 8 −8 2].
 */
// @ts-ignore: decorator
@inline
export function transformOutput(m: usize, step: usize, to: usize, stride: usize): void {
  const m1 = v128.load(m + step);
  const m2 = v128.load(m + 2 * step);
  const m3 = v128.load(m + 3 * step);
  const m4 = v128.load(m + 4 * step);
  const near = i32x4.add(m1, m2);
  const far = i32x4.add(m3, m4);
  const nearSlope = i32x4.sub(m1, m2);
  const farSlope = i32x4.shl(i32x4.sub(m3, m4), 1);
  v128.store(to, i32x4.add(i32x4.add(v128.load(m), near), far));
  v128.store(to + stride, i32x4.add(nearSlope, farSlope));
  v128.store(to + 2 * stride, i32x4.add(near, i32x4.shl(far, 2)));
  const last = i32x4.add(i32x4.shl(farSlope, 1), v128.load(m + 5 * step));
  v128.store(to + 3 * stride, i32x4.add(nearSlope, i32x4.shl(last, 1)));
}

/** What `storePart` keeps of the eight int16 behind an address, by how many it stores. */
const kept: usize = memory.data<i16>([0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1]);

/** A mask of the lanes from `count` on, 1 to 8. */
// @ts-ignore: decorator
@inline
export function lanesFrom(count: i32): v128 {
  return v128.load(kept + ((8 - min(count, 8)) << 1));
}

/**
 * Stores the first `count` of eight values as `storeEight` does, without its questions where the output is wide: what
 * lies behind them is written as it was.
 */
// @ts-ignore: decorator
@inline
function storePart(address: usize, values: v128, wide: bool, count: i32, rest: v128): void {
  if (wide && count < 8) v128.store(address, v128.bitselect(v128.load(address), values, rest));
  else storeEight(address, values, wide, count);
}

/** 2^SHIFT = 64. */
const SHIFT: i32 = 6;

/** Exact division of sums that wrap: those that `inverse` makes 64 times the true ones modulo 2^32, to the true ones. */
// @ts-ignore: decorator
@inline
function divide(sum: v128, inverse: v128): v128 {
  return i32x4.shr_s(i32x4.mul(sum, inverse), SHIFT);
}

/**
 * Aᵀ m of eight channels, as `transformOutput`, divided exactly, requantised and stored, the first pixel last: those
 * outside of the image name one that is still to come.
 *
 * @param m int32, elements `step` bytes apart; @param outputs byte offsets of the four pixels
 * @param own corrections of an adapter, pixels `pixelBytes` apart; 0: none
 */
// @ts-ignore: decorator
@inline
export function finishFour(
  m: usize,
  step: usize,
  inverse: v128,
  own: usize,
  pixelBytes: usize,
  sa: v128,
  sb: v128,
  output: usize,
  outputs: usize,
  wide: bool,
  left: i32,
  rest: v128,
): void {
  const aOne = v128.load(m + step);
  const aTwo = v128.load(m + 2 * step);
  const aThree = v128.load(m + 3 * step);
  const aFour = v128.load(m + 4 * step);
  const aNear = i32x4.add(aOne, aTwo);
  const aFar = i32x4.add(aThree, aFour);
  const aSlope = i32x4.sub(aOne, aTwo);
  const aTwice = i32x4.shl(i32x4.sub(aThree, aFour), 1);
  const aLast = i32x4.add(i32x4.shl(aTwice, 1), v128.load(m + 5 * step));
  let a0 = divide(i32x4.add(i32x4.add(v128.load(m), aNear), aFar), inverse);
  let a1 = divide(i32x4.add(aSlope, aTwice), inverse);
  let a2 = divide(i32x4.add(aNear, i32x4.shl(aFar, 2)), inverse);
  let a3 = divide(i32x4.add(aSlope, i32x4.shl(aLast, 1)), inverse);
  m += 16;
  const bOne = v128.load(m + step);
  const bTwo = v128.load(m + 2 * step);
  const bThree = v128.load(m + 3 * step);
  const bFour = v128.load(m + 4 * step);
  const bNear = i32x4.add(bOne, bTwo);
  const bFar = i32x4.add(bThree, bFour);
  const bSlope = i32x4.sub(bOne, bTwo);
  const bTwice = i32x4.shl(i32x4.sub(bThree, bFour), 1);
  const bLast = i32x4.add(i32x4.shl(bTwice, 1), v128.load(m + 5 * step));
  let b0 = divide(i32x4.add(i32x4.add(v128.load(m), bNear), bFar), inverse);
  let b1 = divide(i32x4.add(bSlope, bTwice), inverse);
  let b2 = divide(i32x4.add(bNear, i32x4.shl(bFar, 2)), inverse);
  let b3 = divide(i32x4.add(bSlope, i32x4.shl(bLast, 1)), inverse);
  if (own) {
    a0 = i32x4.add(a0, v128.load(own, 0));
    b0 = i32x4.add(b0, v128.load(own, 16));
    own += pixelBytes;
    a1 = i32x4.add(a1, v128.load(own, 0));
    b1 = i32x4.add(b1, v128.load(own, 16));
    own += pixelBytes;
    a2 = i32x4.add(a2, v128.load(own, 0));
    b2 = i32x4.add(b2, v128.load(own, 16));
    own += pixelBytes;
    a3 = i32x4.add(a3, v128.load(own, 0));
    b3 = i32x4.add(b3, v128.load(own, 16));
  }
  storePart(output + load<usize>(outputs, 12), requantiseEight(a3, b3, sa, sb), wide, left, rest);
  storePart(output + load<usize>(outputs, 8), requantiseEight(a2, b2, sa, sb), wide, left, rest);
  storePart(output + load<usize>(outputs, 4), requantiseEight(a1, b1, sa, sb), wide, left, rest);
  storePart(output + load<usize>(outputs, 0), requantiseEight(a0, b0, sa, sb), wide, left, rest);
}
