import { OUT_WIDE, PAIRS, SEGMENT_OFFSETS, SEGMENTS } from './records';
import { requantiseEight, storeEight } from './requantise';
import { weightsAt } from './weights-at';

/** One pixel of a panel: where a tile would compute three or two pixels for nothing. */
export function single<T>(record: usize, x: usize, w: usize, start: usize, scale: usize, to: usize, count: i32): void {
  const segmentsBegin = load<usize>(record, SEGMENT_OFFSETS);
  const segmentsEnd = segmentsBegin + (load<usize>(record, SEGMENTS) << 2);
  const evenBytes = (load<usize>(record, PAIRS) >> 1) << 3;
  const hasOdd = (load<i32>(record, PAIRS) & 1) != 0;
  let a = v128.load(start, 0);
  let b = v128.load(start, 16);
  for (let segment = segmentsBegin; segment < segmentsEnd; segment += 4) {
    let at = x + load<usize>(segment);
    for (const end = at + evenBytes; at < end; at += 8) {
      const u = v128.load32_splat(at);
      const v = v128.load32_splat(at, 4);
      a = i32x4.add(a, i32x4.dot_i16x8_s(weightsAt<T>(w, 0), u));
      b = i32x4.add(b, i32x4.dot_i16x8_s(weightsAt<T>(w, 1), u));
      a = i32x4.add(a, i32x4.dot_i16x8_s(weightsAt<T>(w, 2), v));
      b = i32x4.add(b, i32x4.dot_i16x8_s(weightsAt<T>(w, 3), v));
      w += sizeof<T>() * 32;
    }
    if (hasOdd) {
      const u = v128.load32_splat(at);
      a = i32x4.add(a, i32x4.dot_i16x8_s(weightsAt<T>(w, 0), u));
      b = i32x4.add(b, i32x4.dot_i16x8_s(weightsAt<T>(w, 1), u));
      w += sizeof<T>() * 16;
    }
  }
  const values = requantiseEight(a, b, v128.load(scale, 0), v128.load(scale, 16));
  storeEight(to, values, load<i32>(record, OUT_WIDE) != 0, count);
}
