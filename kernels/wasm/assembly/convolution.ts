import { adapterRow } from './adapter';
import {
  ADAPTER_A,
  ADAPTER_BYTES,
  ADJUSTED,
  COMPACT,
  HIGH,
  INPUT,
  INPUT_OFFSETS,
  LOW,
  ORDINAL,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
  PAIRS,
  PIXELS,
  SCALE,
  SEGMENT_OFFSETS,
  SEGMENTS,
  START,
  WEIGHTS,
  ZERO_POINT,
} from './records';
import { magicMinus, requantise, storeEight } from './requantise';

/** Output channels per weight panel. */
const PANEL: i32 = 8;
/** Pixels per tile. */
const TILE: i32 = 4;

/** Four channels of two consecutive k: int16 as they lie, or int8 widened on the way. */
// @ts-ignore: decorator
@inline
function weightsAt<T>(address: usize, quarter: usize): v128 {
  return sizeof<T>() == 1 ? v128.load8x8_s(address + quarter * 8) : v128.load(address + quarter * 16);
}

/**
 * A convolution, or a dense layer over rows: pixels × channels, each the requantised sum over segments of consecutive
 * inputs (KERNELS.md, "Tile": 4 pixels × 8 channels, panels outside and pixels inside, so that a panel stays in cache).
 *
 * @param record fields of records.ts
 * @param start int32: of each tile's first channel; a tile's next pixel is `startStride` bytes further
 */
function tiles<T>(record: usize, first: i32, end: i32, start: usize, startStride: usize): void {
  const low = f32x4.splat(load<f32>(record, LOW));
  const high = f32x4.splat(load<f32>(record, HIGH));
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const magic = magicMinus(wide ? 0 : load<i32>(record, ZERO_POINT));
  const input = load<usize>(record, INPUT);
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const segmentsBegin = load<usize>(record, SEGMENT_OFFSETS);
  const segmentsEnd = segmentsBegin + (load<usize>(record, SEGMENTS) << 2);
  const segmentBytes = load<usize>(record, PAIRS) << 2;
  const channels = load<i32>(record, OUT_CHANNELS);
  let output = load<usize>(record, OUTPUT);
  let panel = load<usize>(record, WEIGHTS);
  let scale = load<usize>(record, SCALE);
  let w = panel;
  for (let channel: i32 = 0; channel < channels; channel += PANEL) {
    const count = channels - channel;
    for (let pixel = first; pixel < end; pixel += TILE) {
      const at = inputOffsets + (<usize>pixel << 2);
      const p0 = input + load<usize>(at, 0);
      const p1 = input + load<usize>(at, 4);
      const p2 = input + load<usize>(at, 8);
      const p3 = input + load<usize>(at, 12);
      let a0 = v128.load(start, 0);
      let b0 = v128.load(start, 16);
      let a1 = v128.load(start + startStride, 0);
      let b1 = v128.load(start + startStride, 16);
      let a2 = v128.load(start + 2 * startStride, 0);
      let b2 = v128.load(start + 2 * startStride, 16);
      let a3 = v128.load(start + 3 * startStride, 0);
      let b3 = v128.load(start + 3 * startStride, 16);
      w = panel;
      for (let segment = segmentsBegin; segment < segmentsEnd; segment += 4) {
        const offset = load<usize>(segment);
        let x0 = p0 + offset;
        let x1 = p1 + offset;
        let x2 = p2 + offset;
        let x3 = p3 + offset;
        const last = x0 + segmentBytes;
        while (x0 < last) {
          const wa = weightsAt<T>(w, 0);
          const wb = weightsAt<T>(w, 1);
          const v0 = v128.load32_splat(x0);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(wa, v0));
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(wb, v0));
          const v1 = v128.load32_splat(x1);
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(wa, v1));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(wb, v1));
          const v2 = v128.load32_splat(x2);
          a2 = i32x4.add(a2, i32x4.dot_i16x8_s(wa, v2));
          b2 = i32x4.add(b2, i32x4.dot_i16x8_s(wb, v2));
          const v3 = v128.load32_splat(x3);
          a3 = i32x4.add(a3, i32x4.dot_i16x8_s(wa, v3));
          b3 = i32x4.add(b3, i32x4.dot_i16x8_s(wb, v3));
          w += sizeof<T>() * 16;
          x0 += 4;
          x1 += 4;
          x2 += 4;
          x3 += 4;
        }
      }
      const to = outputOffsets + (<usize>pixel << 2);
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      // Pixels beyond the last repeat it, so every store of a tile has a place and the same value.
      a0 = requantise(a0, sa, low, high, magic);
      b0 = requantise(b0, sb, low, high, magic);
      storeEight(output + load<usize>(to, 0), a0, b0, wide, count);
      a1 = requantise(a1, sa, low, high, magic);
      b1 = requantise(b1, sb, low, high, magic);
      storeEight(output + load<usize>(to, 4), a1, b1, wide, count);
      a2 = requantise(a2, sa, low, high, magic);
      b2 = requantise(b2, sb, low, high, magic);
      storeEight(output + load<usize>(to, 8), a2, b2, wide, count);
      a3 = requantise(a3, sa, low, high, magic);
      b3 = requantise(b3, sb, low, high, magic);
      storeEight(output + load<usize>(to, 12), a3, b3, wide, count);
    }
    panel = w;
    scale += 32;
    start += 32;
    output += wide ? 16 : 8;
  }
}

/** With an adapter every pixel has accumulator starts of its own, a tile of four at a time. */
function adaptedTiles(record: usize, entry: usize): void {
  const adjusted = load<usize>(record, ADJUSTED);
  const stride = ((<usize>load<i32>(record, OUT_CHANNELS) + 7) & ~7) << 2;
  const input = load<usize>(record, INPUT);
  const offsets = load<usize>(record, INPUT_OFFSETS);
  const pixels = load<i32>(record, PIXELS);
  for (let pixel: i32 = 0; pixel < pixels; pixel += TILE) {
    for (let lane: i32 = 0; lane < TILE; lane++) {
      const x = input + load<usize>(offsets + (<usize>(pixel + lane) << 2));
      adapterRow(record, entry, x, adjusted + <usize>lane * stride);
    }
    if (load<i32>(record, COMPACT)) tiles<i8>(record, pixel, pixel + TILE, adjusted, stride);
    else tiles<i16>(record, pixel, pixel + TILE, adjusted, stride);
  }
}

export function convolution(record: usize, adapters: usize): void {
  if (adapters) {
    const ordinal = load<i32>(record, ORDINAL);
    const entry = adapters + <usize>ordinal * ADAPTER_BYTES;
    if (ordinal >= 0 && load<usize>(entry, ADAPTER_A)) {
      adaptedTiles(record, entry);
      return;
    }
  }
  const pixels = load<i32>(record, PIXELS);
  const start = load<usize>(record, START);
  if (load<i32>(record, COMPACT)) tiles<i8>(record, 0, pixels, start, 0);
  else tiles<i16>(record, 0, pixels, start, 0);
}
