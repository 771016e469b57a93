import { PAIRS, REST_WEIGHTS, SEGMENT_OFFSETS, SEGMENTS } from './records';
import { requantiseEightBounded } from './requantise';
import { TILE_BYTES } from './tile-bytes';

/** Lanes of four sums, added up: [Σ a, Σ b, Σ c, Σ d]. */
// @ts-ignore: decorator
@inline
function addLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

/**
 * The last panel where it has one channel or two and the layer `isWhole`: inputs lie along the lanes, eight a time, and
 * no channel is computed for nothing. Otherwise as `tiles`, of which it takes the places of its panel.
 *
 * REST_WEIGHTS are int16 [channels × segments × inputs], each segment filled up with zeros to whole vectors; what is read
 * behind a segment meets them.
 */
export function restTiles(
  record: usize,
  input: usize,
  inputOffsets: usize,
  outputOffsets: usize,
  tableBytes: usize,
  start: usize,
  scale: usize,
  output: usize,
  count: i32,
): void {
  const segmentsBegin = load<usize>(record, SEGMENT_OFFSETS);
  const segmentsEnd = segmentsBegin + (load<usize>(record, SEGMENTS) << 2);
  const segmentBytes = ((load<usize>(record, PAIRS) + 3) >> 2) << 4;
  const toOutput = outputOffsets - inputOffsets;
  const end = inputOffsets + tableBytes;
  let weights = load<usize>(record, REST_WEIGHTS);
  let w = weights;
  for (; count > 0; count--) {
    const first = v128.load32_splat(start);
    const factor = v128.load32_splat(scale);
    for (let at = inputOffsets; at < end; at += TILE_BYTES) {
      const p0 = input + load<usize>(at, 0);
      const p1 = input + load<usize>(at, 4);
      const p2 = input + load<usize>(at, 8);
      const p3 = input + load<usize>(at, 12);
      let a = i32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      w = weights;
      for (let segment = segmentsBegin; segment < segmentsEnd; segment += 4) {
        const offset = load<usize>(segment);
        let x0 = p0 + offset;
        let x1 = p1 + offset;
        let x2 = p2 + offset;
        let x3 = p3 + offset;
        for (const segmentEnd = x0 + segmentBytes; x0 < segmentEnd; x0 += 16) {
          const u = v128.load(w);
          a = i32x4.add(a, i32x4.dot_i16x8_s(u, v128.load(x0)));
          b = i32x4.add(b, i32x4.dot_i16x8_s(u, v128.load(x1)));
          c = i32x4.add(c, i32x4.dot_i16x8_s(u, v128.load(x2)));
          d = i32x4.add(d, i32x4.dot_i16x8_s(u, v128.load(x3)));
          w += 16;
          x1 += 16;
          x2 += 16;
          x3 += 16;
        }
      }
      const sums = i32x4.add(first, addLanes(a, b, c, d));
      const values = requantiseEightBounded(sums, sums, factor, factor);
      const to = at + toOutput;
      v128.store16_lane(output + load<usize>(to, 0), values, 0);
      v128.store16_lane(output + load<usize>(to, 4), values, 1);
      v128.store16_lane(output + load<usize>(to, 8), values, 2);
      v128.store16_lane(output + load<usize>(to, 12), values, 3);
    }
    weights = w;
    start += 4;
    scale += 4;
    output += 2;
  }
}
