import {
  DEPTH_MULTIPLIER,
  HIGH,
  INPUT,
  INPUT_OFFSETS,
  LOW,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
  PATTERNS,
  PIXELS,
  SCALE,
  START,
  TAP_OFFSETS,
  TAP_PAIRS,
  WEIGHTS,
  ZERO_POINT,
} from './records';
import { eight, isWhole, setRequantisation, storeEight } from './requantise';

/** Channels per block. */
const BLOCK: i32 = 8;
/** Pixels per tile. */
const TILE: i32 = 4;

/** Channels 0 to 3, then 4 to 7, of two taps, as pairs for the dot product. */
// @ts-ignore: decorator
@inline
function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
// @ts-ignore: decorator
@inline
function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/**
 * What outputs 0 to 3 of a block, or 4 to 7 where `isHigh`, read of two taps. With a depth multiplier (`P` is i16) the
 * block reads four channels at most, and `pattern` says which output takes which.
 */
// @ts-ignore: decorator
@inline
function pairs<P>(a: v128, b: v128, isHigh: bool, pattern: v128): v128 {
  if (sizeof<P>() == 2) return i8x16.swizzle(lowPairs(a, b), pattern);
  return isHigh ? highPairs(a, b) : lowPairs(a, b);
}

// @ts-ignore: decorator
@inline
function patternAt<P>(address: usize): v128 {
  return sizeof<P>() == 2 ? v128.load(address) : i32x4.splat(0);
}

/** What `pairs` needs of a pixel at a tap. */
// @ts-ignore: decorator
@inline
function channelsAt<P>(address: usize): v128 {
  return sizeof<P>() == 2 ? v128.load64_zero(address) : v128.load(address);
}

/**
 * The last block where it has four channels or fewer: the other half of it is not multiplied.
 *
 * @param record fields of records.ts; the other places are those of the block
 */
function halfBlock<S, P>(
  record: usize,
  input: usize,
  output: usize,
  weights: usize,
  start: usize,
  scale: usize,
  patterns: usize,
  count: i32,
): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const pixels = load<i32>(record, PIXELS);
  const taps = load<usize>(record, TAP_OFFSETS);
  const tapsEnd = taps + (load<usize>(record, TAP_PAIRS) << 3);
  const low = patternAt<P>(patterns);
  let w = weights;
  for (let pixel: i32 = 0; pixel < pixels; pixel += TILE) {
    const at = inputOffsets + (<usize>pixel << 2);
    const p0 = load<usize>(at, 0);
    const p1 = load<usize>(at, 4);
    const p2 = load<usize>(at, 8);
    const p3 = load<usize>(at, 12);
    let a0 = v128.load(start, 0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    w = weights;
    for (let tap = taps; tap < tapsEnd; tap += 8) {
      const one = input + load<usize>(tap, 0);
      const two = input + load<usize>(tap, 4);
      const wa = v128.load(w, 0);
      let u = v128.load64_zero(p0 + one);
      let v = v128.load64_zero(p0 + two);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
      u = v128.load64_zero(p1 + one);
      v = v128.load64_zero(p1 + two);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
      u = v128.load64_zero(p2 + one);
      v = v128.load64_zero(p2 + two);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
      u = v128.load64_zero(p3 + one);
      v = v128.load64_zero(p3 + two);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
      w += 32;
    }
    const to = outputOffsets + (<usize>pixel << 2);
    const sa = v128.load(scale, 0);
    const q01 = eight<S>(a0, a1, sa, sa);
    const q23 = eight<S>(a2, a3, sa, sa);
    const o0 = output + load<usize>(to, 0);
    const o1 = output + load<usize>(to, 4);
    const o2 = output + load<usize>(to, 8);
    const o3 = output + load<usize>(to, 12);
    if (sizeof<S>() == 2) {
      v128.store64_lane(o0, q01, 0);
      v128.store64_lane(o1, q01, 1);
      v128.store64_lane(o2, q23, 0);
      v128.store64_lane(o3, q23, 1);
      continue;
    }
    storeEight(o0, q01, wide, count);
    storeEight(o1, v128.shuffle<i64>(q01, q01, 1, 0), wide, count);
    storeEight(o2, q23, wide, count);
    storeEight(o3, v128.shuffle<i64>(q23, q23, 1, 0), wide, count);
  }
}

/**
 * A depthwise convolution: each channel the requantised sum over its own taps. Taps are taken in pairs, so that one dot
 * product serves two; four pixels share the weights of a block of eight channels. Channels are read eight at a time also
 * behind the last one, where weights are zero. A pixel may be a group of them (ops/compiled/pixel-groups.ts).
 *
 * `S` is i16 where `isWhole`, which needs no questions at each store and half the clamps; blocks are taken from the last
 * to the first, as that demands. `P` is i16 with a depth multiplier: output channel c reads input channel ⌊c / multiplier⌋.
 *
 * @param record fields of records.ts; weights int16: per block, per pair of taps, 8 × (tap, next tap)
 */
function blocks<S, P>(record: usize): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const pixels = load<i32>(record, PIXELS);
  const taps = load<usize>(record, TAP_OFFSETS);
  const tapsEnd = taps + (load<usize>(record, TAP_PAIRS) << 3);
  const channels = load<i32>(record, OUT_CHANNELS);
  const multiplier = load<usize>(record, DEPTH_MULTIPLIER);
  const patterns = load<usize>(record, PATTERNS);
  const outputBytes: usize = wide ? 16 : 8;
  const blockBytes = load<usize>(record, TAP_PAIRS) << 5;
  const origin = load<usize>(record, INPUT);
  const last = <usize>((channels - 1) >> 3);
  let block = <i32>last;
  let output = load<usize>(record, OUTPUT) + last * outputBytes;
  let weights = load<usize>(record, WEIGHTS) + last * blockBytes;
  let scale = load<usize>(record, SCALE) + (last << 5);
  let start = load<usize>(record, START) + (last << 5);
  let count = channels - (<i32>last << 3);
  /** First channel that the block reads. It varies, because V8 would divide in the innermost loop for a constant. */
  let input = origin + (((last << 3) / multiplier) << 1);
  if (count <= BLOCK / 2) {
    halfBlock<S, P>(record, input, output, weights, start, scale, patterns + (last << 5), count);
    count = BLOCK;
    block--;
    input = origin + (((<usize>block << 3) / multiplier) << 1);
    output -= outputBytes;
    weights -= blockBytes;
    scale -= 32;
    start -= 32;
  }
  let w = weights;
  while (block >= 0) {
    const low = patternAt<P>(patterns + (<usize>block << 5));
    const high = patternAt<P>(patterns + (<usize>block << 5) + 16);
    for (let pixel: i32 = 0; pixel < pixels; pixel += TILE) {
      const at = inputOffsets + (<usize>pixel << 2);
      const p0 = load<usize>(at, 0);
      const p1 = load<usize>(at, 4);
      const p2 = load<usize>(at, 8);
      const p3 = load<usize>(at, 12);
      let a0 = v128.load(start, 0);
      let b0 = v128.load(start, 16);
      let a1 = a0;
      let b1 = b0;
      let a2 = a0;
      let b2 = b0;
      let a3 = a0;
      let b3 = b0;
      w = weights;
      for (let tap = taps; tap < tapsEnd; tap += 8) {
        // Here and not in the four offsets of pixels: V8 would add it to each of them at every tap.
        const one = input + load<usize>(tap, 0);
        const two = input + load<usize>(tap, 4);
        const wa = v128.load(w, 0);
        const wb = v128.load(w, 16);
        let u = channelsAt<P>(p0 + one);
        let v = channelsAt<P>(p0 + two);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(pairs<P>(u, v, true, high), wb));
        u = channelsAt<P>(p1 + one);
        v = channelsAt<P>(p1 + two);
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(pairs<P>(u, v, true, high), wb));
        // Never so; a new basic block, because V8 hoists the loads of one to its top and would spill the accumulators.
        if (!w) break;
        u = channelsAt<P>(p2 + one);
        v = channelsAt<P>(p2 + two);
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
        b2 = i32x4.add(b2, i32x4.dot_i16x8_s(pairs<P>(u, v, true, high), wb));
        u = channelsAt<P>(p3 + one);
        v = channelsAt<P>(p3 + two);
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(pairs<P>(u, v, false, low), wa));
        b3 = i32x4.add(b3, i32x4.dot_i16x8_s(pairs<P>(u, v, true, high), wb));
        w += 32;
      }
      const to = outputOffsets + (<usize>pixel << 2);
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      const q0 = eight<S>(a0, b0, sa, sb);
      const q1 = eight<S>(a1, b1, sa, sb);
      const q2 = eight<S>(a2, b2, sa, sb);
      const q3 = eight<S>(a3, b3, sa, sb);
      const o0 = output + load<usize>(to, 0);
      const o1 = output + load<usize>(to, 4);
      const o2 = output + load<usize>(to, 8);
      const o3 = output + load<usize>(to, 12);
      if (sizeof<S>() == 2) {
        v128.store(o0, q0);
        v128.store(o1, q1);
        v128.store(o2, q2);
        v128.store(o3, q3);
      } else {
        storeEight(o0, q0, wide, count);
        storeEight(o1, q1, wide, count);
        storeEight(o2, q2, wide, count);
        storeEight(o3, q3, wide, count);
      }
    }
    count = BLOCK;
    weights -= blockBytes;
    scale -= 32;
    start -= 32;
    output -= outputBytes;
    block--;
    input = origin + (((<usize>block << 3) / multiplier) << 1);
  }
}

export function depthwise(record: usize): void {
  if (load<i32>(record, DEPTH_MULTIPLIER) == 1) {
    if (isWhole(record)) blocks<i16, i8>(record);
    else blocks<i8, i8>(record);
  } else if (isWhole(record)) blocks<i16, i16>(record);
  else blocks<i8, i16>(record);
}
