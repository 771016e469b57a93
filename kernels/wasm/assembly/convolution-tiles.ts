import { halfTiles } from './convolution-half-tiles';
import { single } from './convolution-pixel';
import { restTiles } from './convolution-rest';
import { HIGH, LOW, OUT_CHANNELS, OUT_WIDE, OUTPUT, PAIRS, REST_WEIGHTS, SCALE, SEGMENT_OFFSETS, SEGMENTS, WEIGHTS, ZERO_POINT } from './records';
import { eight, setRequantisation, storeEight } from './requantise';
import { TILE_BYTES } from './tile-bytes';
import { weightsAt } from './weights-at';

/** Output channels per weight panel. */
const PANEL: i32 = 8;

/**
 * A convolution, or a dense layer over rows: pixels × channels, each the requantised sum over segments of consecutive
 * inputs (KERNELS.md, "Tile": 4 pixels × 8 channels, panels outside and pixels inside, so that a panel stays in cache).
 *
 * `T` is how weights are stored; `S` is i16 where `isWhole`, which needs no questions at each store and half the clamps;
 * `N` is i16 where there is one segment, at offset 0: a tile of few inputs costs a sixth less without a loop over them.
 * Panels are taken from the last to the first, as that demands.
 *
 * @param record fields of records.ts
 * @param inputOffsets bytes from `input` of each pixel, `outputOffsets` from the output; `tableBytes` of both
 * @param start int32: of each tile's first channel; a tile's next pixel is `startStride` bytes further
 */
export function tiles<T, S, N>(
  record: usize,
  input: usize,
  inputOffsets: usize,
  outputOffsets: usize,
  tableBytes: usize,
  singles: usize,
  start: usize,
  startStride: usize,
): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const segmentsBegin = load<usize>(record, SEGMENT_OFFSETS);
  const segmentsEnd = segmentsBegin + (load<usize>(record, SEGMENTS) << 2);
  const evenBytes = (load<usize>(record, PAIRS) >> 1) << 3;
  const hasOdd = (load<i32>(record, PAIRS) & 1) != 0;
  const channels = load<i32>(record, OUT_CHANNELS);
  const panelBytes = load<usize>(record, SEGMENTS) * load<usize>(record, PAIRS) * (sizeof<T>() * 16);
  const outputBytes: usize = wide ? 16 : 8;
  const last = <usize>((channels - 1) >> 3);
  let output = load<usize>(record, OUTPUT) + last * outputBytes;
  let panel = load<usize>(record, WEIGHTS) + last * panelBytes;
  let scale = load<usize>(record, SCALE) + (last << 5);
  start += last << 5;
  let left = <i32>last + 1;
  let count = channels - (<i32>last << 3);
  if (count <= PANEL / 2) {
    const bytes = tableBytes + singles;
    if (sizeof<S>() == 2 && load<usize>(record, REST_WEIGHTS)) {
      restTiles(record, input, inputOffsets, outputOffsets, bytes, start, scale, output, count);
    } else {
      halfTiles<T, S>(record, input, inputOffsets, outputOffsets, bytes, start, startStride, panel, scale, output, count);
    }
    left--;
    output -= outputBytes;
    panel -= panelBytes;
    scale -= 32;
    start -= 32;
    count = PANEL;
  }
  for (; left > 0; left--) {
    for (let pixel: usize = 0; pixel < tableBytes; pixel += TILE_BYTES) {
      const at = inputOffsets + pixel;
      const p0 = input + load<usize>(at, 0);
      const p1 = input + load<usize>(at, 4);
      const p2 = input + load<usize>(at, 8);
      const p3 = input + load<usize>(at, 12);
      let a0 = v128.load(start, 0);
      let b0 = v128.load(start, 16);
      let a1 = sizeof<S>() == 2 ? a0 : v128.load(start + startStride, 0);
      let b1 = sizeof<S>() == 2 ? b0 : v128.load(start + startStride, 16);
      let a2 = sizeof<S>() == 2 ? a0 : v128.load(start + 2 * startStride, 0);
      let b2 = sizeof<S>() == 2 ? b0 : v128.load(start + 2 * startStride, 16);
      let a3 = sizeof<S>() == 2 ? a0 : v128.load(start + 3 * startStride, 0);
      let b3 = sizeof<S>() == 2 ? b0 : v128.load(start + 3 * startStride, 16);
      let w = panel;
      let segment = segmentsBegin;
      do {
        const offset = sizeof<N>() == 2 ? 0 : load<usize>(segment);
        let x0 = p0 + offset;
        let x1 = p1 + offset;
        let x2 = p2 + offset;
        let x3 = p3 + offset;
        const evenEnd = x0 + evenBytes;
        while (x0 < evenEnd) {
          const wap = weightsAt<T>(w, 0);
          const wbp = weightsAt<T>(w, 1);
          const vp0 = v128.load32_splat(x0, 0);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(wap, vp0));
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(wbp, vp0));
          const vp1 = v128.load32_splat(x1, 0);
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(wap, vp1));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(wbp, vp1));
          const vp2 = v128.load32_splat(x2, 0);
          a2 = i32x4.add(a2, i32x4.dot_i16x8_s(wap, vp2));
          b2 = i32x4.add(b2, i32x4.dot_i16x8_s(wbp, vp2));
          const vp3 = v128.load32_splat(x3, 0);
          a3 = i32x4.add(a3, i32x4.dot_i16x8_s(wap, vp3));
          b3 = i32x4.add(b3, i32x4.dot_i16x8_s(wbp, vp3));
          // Never so; a new basic block, because V8 hoists the loads of one to its top and would spill the accumulators.
          if (!w) break;
          const waq = weightsAt<T>(w, 2);
          const wbq = weightsAt<T>(w, 3);
          const vq0 = v128.load32_splat(x0, 4);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(waq, vq0));
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(wbq, vq0));
          const vq1 = v128.load32_splat(x1, 4);
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(waq, vq1));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(wbq, vq1));
          const vq2 = v128.load32_splat(x2, 4);
          a2 = i32x4.add(a2, i32x4.dot_i16x8_s(waq, vq2));
          b2 = i32x4.add(b2, i32x4.dot_i16x8_s(wbq, vq2));
          const vq3 = v128.load32_splat(x3, 4);
          a3 = i32x4.add(a3, i32x4.dot_i16x8_s(waq, vq3));
          b3 = i32x4.add(b3, i32x4.dot_i16x8_s(wbq, vq3));
          w += sizeof<T>() * 32;
          x0 += 8;
          x1 += 8;
          x2 += 8;
          x3 += 8;
        }
        if (hasOdd) {
          const war = weightsAt<T>(w, 0);
          const wbr = weightsAt<T>(w, 1);
          const vr0 = v128.load32_splat(x0, 0);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(war, vr0));
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(wbr, vr0));
          const vr1 = v128.load32_splat(x1, 0);
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(war, vr1));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(wbr, vr1));
          const vr2 = v128.load32_splat(x2, 0);
          a2 = i32x4.add(a2, i32x4.dot_i16x8_s(war, vr2));
          b2 = i32x4.add(b2, i32x4.dot_i16x8_s(wbr, vr2));
          const vr3 = v128.load32_splat(x3, 0);
          a3 = i32x4.add(a3, i32x4.dot_i16x8_s(war, vr3));
          b3 = i32x4.add(b3, i32x4.dot_i16x8_s(wbr, vr3));
          w += sizeof<T>() * 16;
        }
        segment += 4;
      } while (sizeof<N>() == 1 && segment < segmentsEnd);
      const to = outputOffsets + pixel;
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      // Pixels beyond the last repeat it, so every store of a tile has a place and the same value.
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
    for (let pixel = tableBytes; pixel < tableBytes + singles; pixel += 4) {
      const x = input + load<usize>(inputOffsets + pixel);
      single<T>(record, x, panel, start, scale, output + load<usize>(outputOffsets + pixel), count);
    }
    count = PANEL;
    panel -= panelBytes;
    scale -= 32;
    start -= 32;
    output -= outputBytes;
  }
}
