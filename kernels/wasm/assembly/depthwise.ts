import {
  HIGH,
  INPUT,
  INPUT_OFFSETS,
  LOW,
  OUT_CHANNELS,
  OUT_STRIDE,
  OUT_WIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
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

/** Eight requantised values, a stride of bytes apart, the first `count` of them. */
function scatterEight(address: usize, eight: v128, wide: bool, count: i32, stride: usize): void {
  const bytes = i8x16.narrow_i16x8_s(eight, eight);
  if (count >= 8 && wide) {
    v128.store16_lane(address + 0 * stride, eight, 0);
    v128.store16_lane(address + 1 * stride, eight, 1);
    v128.store16_lane(address + 2 * stride, eight, 2);
    v128.store16_lane(address + 3 * stride, eight, 3);
    v128.store16_lane(address + 4 * stride, eight, 4);
    v128.store16_lane(address + 5 * stride, eight, 5);
    v128.store16_lane(address + 6 * stride, eight, 6);
    v128.store16_lane(address + 7 * stride, eight, 7);
    return;
  }
  if (count >= 8) {
    v128.store8_lane(address + 0 * stride, bytes, 0);
    v128.store8_lane(address + 1 * stride, bytes, 1);
    v128.store8_lane(address + 2 * stride, bytes, 2);
    v128.store8_lane(address + 3 * stride, bytes, 3);
    v128.store8_lane(address + 4 * stride, bytes, 4);
    v128.store8_lane(address + 5 * stride, bytes, 5);
    v128.store8_lane(address + 6 * stride, bytes, 6);
    v128.store8_lane(address + 7 * stride, bytes, 7);
    return;
  }
  let values = eight;
  for (let lane = min(count, 8); lane > 0; lane--) {
    if (wide) v128.store16_lane(address, values, 0);
    else v128.store8_lane(address, i8x16.narrow_i16x8_s(values, values), 0);
    address += stride;
    values = v128.shuffle<i16>(values, values, 1, 2, 3, 4, 5, 6, 7, 0);
  }
}

/**
 * The last block where it has four channels or fewer: the other half of it is not multiplied.
 *
 * @param record fields of records.ts; the other places are those of the block
 */
function halfBlock<S>(
  record: usize,
  input: usize,
  output: usize,
  weights: usize,
  start: usize,
  scale: usize,
  count: i32,
): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const pixels = load<i32>(record, PIXELS);
  const taps = load<usize>(record, TAP_OFFSETS);
  const tapsEnd = taps + (load<usize>(record, TAP_PAIRS) << 3);
  const multiplier = load<usize>(record, OUT_STRIDE);
  /** From one value that is written to the next. */
  const valueBytes = multiplier << <usize>wide;
  let w = weights;
  for (let pixel: i32 = 0; pixel < pixels; pixel += TILE) {
    const at = inputOffsets + (<usize>pixel << 2);
    const p0 = input + load<usize>(at, 0);
    const p1 = input + load<usize>(at, 4);
    const p2 = input + load<usize>(at, 8);
    const p3 = input + load<usize>(at, 12);
    let a0 = v128.load(start, 0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    w = weights;
    for (let tap = taps; tap < tapsEnd; tap += 8) {
      const one = load<usize>(tap, 0);
      const two = load<usize>(tap, 4);
      const wa = v128.load(w, 0);
      let u = v128.load(p0 + one);
      let v = v128.load(p0 + two);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
      u = v128.load(p1 + one);
      v = v128.load(p1 + two);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
      u = v128.load(p2 + one);
      v = v128.load(p2 + two);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
      u = v128.load(p3 + one);
      v = v128.load(p3 + two);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
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
    const q1 = v128.shuffle<i64>(q01, q01, 1, 0);
    const q3 = v128.shuffle<i64>(q23, q23, 1, 0);
    if (multiplier == 1) {
      storeEight(o0, q01, wide, count);
      storeEight(o1, q1, wide, count);
      storeEight(o2, q23, wide, count);
      storeEight(o3, q3, wide, count);
    } else {
      scatterEight(o0, q01, wide, count, valueBytes);
      scatterEight(o1, q1, wide, count, valueBytes);
      scatterEight(o2, q23, wide, count, valueBytes);
      scatterEight(o3, q3, wide, count, valueBytes);
    }
  }
}

/**
 * A depthwise convolution: each channel the requantised sum over its own taps. Taps are taken in pairs, so that one dot
 * product serves two; four pixels share the weights of a block of eight channels. Channels are read eight at a time also
 * behind the last one, where weights are zero.
 *
 * @param record fields of records.ts; weights int16: per block, per pair of taps, 8 × (tap, next tap)
 *
 * `S` is i16 where `isWhole` and channels lie side by side, which needs no questions at each store and half the clamps.
 * Blocks are taken from the last to the first, as that demands.
 */
function blocks<S>(record: usize): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const pixels = load<i32>(record, PIXELS);
  const taps = load<usize>(record, TAP_OFFSETS);
  const tapsEnd = taps + (load<usize>(record, TAP_PAIRS) << 3);
  const channels = load<i32>(record, OUT_CHANNELS);
  const multiplier = load<usize>(record, OUT_STRIDE);
  /** From one value that is written to the next. */
  const valueBytes = multiplier << <usize>wide;
  const blockBytes = load<usize>(record, TAP_PAIRS) << 5;
  const last = <usize>((channels - 1) >> 3);
  let input = load<usize>(record, INPUT) + (last << 4);
  let output = load<usize>(record, OUTPUT) + last * (valueBytes << 3);
  let weights = load<usize>(record, WEIGHTS) + last * blockBytes;
  let scale = load<usize>(record, SCALE) + (last << 5);
  let start = load<usize>(record, START) + (last << 5);
  let left = <i32>last + 1;
  let count = channels - (<i32>last << 3);
  if (count <= BLOCK / 2) {
    halfBlock<S>(record, input, output, weights, start, scale, count);
    left--;
    count = BLOCK;
    input -= 16;
    output -= valueBytes << 3;
    weights -= blockBytes;
    scale -= 32;
    start -= 32;
  }
  let w = weights;
  for (; left > 0; left--) {
    for (let pixel: i32 = 0; pixel < pixels; pixel += TILE) {
      const at = inputOffsets + (<usize>pixel << 2);
      const p0 = input + load<usize>(at, 0);
      const p1 = input + load<usize>(at, 4);
      const p2 = input + load<usize>(at, 8);
      const p3 = input + load<usize>(at, 12);
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
        const one = load<usize>(tap, 0);
        const two = load<usize>(tap, 4);
        const wa = v128.load(w, 0);
        const wb = v128.load(w, 16);
        let u = v128.load(p0 + one);
        let v = v128.load(p0 + two);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(highPairs(u, v), wb));
        u = v128.load(p1 + one);
        v = v128.load(p1 + two);
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(highPairs(u, v), wb));
        // Never so; a new basic block, because V8 hoists the loads of one to its top and would spill the accumulators.
        if (!w) break;
        u = v128.load(p2 + one);
        v = v128.load(p2 + two);
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
        b2 = i32x4.add(b2, i32x4.dot_i16x8_s(highPairs(u, v), wb));
        u = v128.load(p3 + one);
        v = v128.load(p3 + two);
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(lowPairs(u, v), wa));
        b3 = i32x4.add(b3, i32x4.dot_i16x8_s(highPairs(u, v), wb));
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
      } else if (multiplier == 1) {
        storeEight(o0, q0, wide, count);
        storeEight(o1, q1, wide, count);
        storeEight(o2, q2, wide, count);
        storeEight(o3, q3, wide, count);
      } else {
        scatterEight(o0, q0, wide, count, valueBytes);
        scatterEight(o1, q1, wide, count, valueBytes);
        scatterEight(o2, q2, wide, count, valueBytes);
        scatterEight(o3, q3, wide, count, valueBytes);
      }
    }
    count = BLOCK;
    weights -= blockBytes;
    scale -= 32;
    start -= 32;
    input -= 16;
    output -= valueBytes << 3;
  }
}

export function depthwise(record: usize): void {
  if (load<i32>(record, OUT_STRIDE) == 1 && isWhole(record)) blocks<i16>(record);
  else blocks<i8>(record);
}
