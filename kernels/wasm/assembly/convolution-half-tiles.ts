import { OUT_WIDE, PAIRS, SEGMENT_OFFSETS, SEGMENTS } from './records';
import { eight, storeEight } from './requantise';
import { TILE_BYTES } from './tile-bytes';
import { weightsAt } from './weights-at';

/**
 * The last panel where it has four channels or fewer: the other half of it is not multiplied. Otherwise as `tiles`, of
 * which it takes the places of its panel.
 */
export function halfTiles<T, S>(
  record: usize,
  input: usize,
  inputOffsets: usize,
  outputOffsets: usize,
  tableBytes: usize,
  start: usize,
  startStride: usize,
  panel: usize,
  scale: usize,
  output: usize,
  count: i32,
): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const segmentsBegin = load<usize>(record, SEGMENT_OFFSETS);
  const segmentsEnd = segmentsBegin + (load<usize>(record, SEGMENTS) << 2);
  const evenBytes = (load<usize>(record, PAIRS) >> 1) << 3;
  const hasOdd = (load<i32>(record, PAIRS) & 1) != 0;
  for (let pixel: usize = 0; pixel < tableBytes; pixel += TILE_BYTES) {
    const at = inputOffsets + pixel;
    const p0 = input + load<usize>(at, 0);
    const p1 = input + load<usize>(at, 4);
    const p2 = input + load<usize>(at, 8);
    const p3 = input + load<usize>(at, 12);
    let a0 = v128.load(start);
    let a1 = sizeof<S>() == 2 ? a0 : v128.load(start + startStride);
    let a2 = sizeof<S>() == 2 ? a0 : v128.load(start + 2 * startStride);
    let a3 = sizeof<S>() == 2 ? a0 : v128.load(start + 3 * startStride);
    let w = panel;
    for (let segment = segmentsBegin; segment < segmentsEnd; segment += 4) {
      const offset = load<usize>(segment);
      let x0 = p0 + offset;
      let x1 = p1 + offset;
      let x2 = p2 + offset;
      let x3 = p3 + offset;
      for (const end = x0 + evenBytes; x0 < end; ) {
        const u = weightsAt<T>(w, 0);
        const v = weightsAt<T>(w, 2);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(u, v128.load32_splat(x0)));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(u, v128.load32_splat(x1)));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(u, v128.load32_splat(x2)));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(u, v128.load32_splat(x3)));
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v, v128.load32_splat(x0, 4)));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v, v128.load32_splat(x1, 4)));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(v, v128.load32_splat(x2, 4)));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(v, v128.load32_splat(x3, 4)));
        w += sizeof<T>() * 32;
        x0 += 8;
        x1 += 8;
        x2 += 8;
        x3 += 8;
      }
      if (hasOdd) {
        const u = weightsAt<T>(w, 0);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(u, v128.load32_splat(x0)));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(u, v128.load32_splat(x1)));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(u, v128.load32_splat(x2)));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(u, v128.load32_splat(x3)));
        w += sizeof<T>() * 16;
      }
    }
    const to = outputOffsets + pixel;
    const factors = v128.load(scale);
    const o0 = output + load<usize>(to, 0);
    const o1 = output + load<usize>(to, 4);
    const o2 = output + load<usize>(to, 8);
    const o3 = output + load<usize>(to, 12);
    const q01 = eight<S>(a0, a1, factors, factors);
    const q23 = eight<S>(a2, a3, factors, factors);
    if (sizeof<S>() == 2) {
      v128.store64_lane(o0, q01, 0);
      v128.store64_lane(o1, q01, 1);
      v128.store64_lane(o2, q23, 0);
      v128.store64_lane(o3, q23, 1);
    } else {
      storeEight(o0, q01, wide, count);
      storeEight(o1, v128.shuffle<i64>(q01, q01, 1, 0), wide, count);
      storeEight(o2, q23, wide, count);
      storeEight(o3, v128.shuffle<i64>(q23, q23, 1, 0), wide, count);
    }
  }
}
