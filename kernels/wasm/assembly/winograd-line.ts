import { adapterRow, entryOf } from './adapter';
import {
  ADJUSTED,
  HIGH,
  INPUT,
  INPUT_OFFSETS,
  LOW,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
  PIXELS,
  SCALE,
  START,
  WEIGHTS,
  WINOGRAD_BLOCK,
  WINOGRAD_CHANNEL_BYTES,
  WINOGRAD_COLUMN_BYTES,
  WINOGRAD_PRODUCTS,
  WINOGRAD_TRANSFORMED,
  ZERO_POINT,
} from './records';
import { requantiseEight, setRequantisation, storeEight } from './requantise';
import { multiply, PRODUCTS } from './winograd-multiply';

/** Output channels per weight panel. */
const PANEL: i32 = 8;
/** Elements of a transformed tile, and the one that is added to the first output and to the second. */
const ELEMENTS: usize = 4;
const SHARED: usize = 1;

/** Bᵀ d of one tile of four pixels, `step` bytes apart, with the Bᵀ of `winograd`; |results| ≤ 2 × 255. */
// @ts-ignore: decorator
@inline
function transformInput(from: usize, to: usize, bytes: usize, step: usize, plane: usize): void {
  for (const end = from + bytes; from < end; from += 16) {
    const d0 = v128.load(from);
    const d1 = v128.load(from + step);
    const d2 = v128.load(from + 2 * step);
    const d3 = v128.load(from + 3 * step);
    v128.store(to, i16x8.sub(d0, d2));
    v128.store(to + plane, i16x8.add(d1, d2));
    v128.store(to + 2 * plane, i16x8.sub(d2, d1));
    v128.store(to + 3 * plane, i16x8.sub(d1, d3));
    to += 16;
  }
}

/**
 * A convolution of three taps in a line, 1 × 3 or 3 × 1, of stride 1 and any dilation, by Winograd's F(2, 3) in exact
 * integer arithmetic: as `winograd`, in one dimension. Weights are transformed with 2G, so every sum is twice the true
 * one; the bias enters twofold and the scale holds the half.
 *
 * @param record fields of records.ts; PIXELS counts tiles of two pixels, INPUT_OFFSETS has one offset a tile and
 *   OUTPUT_OFFSETS two; the second is written first, because outside of the image it names the first one
 */
export function winogradLine(record: usize, adapters: usize): void {
  const entry = entryOf(record, adapters);
  const adjusted = load<usize>(record, ADJUSTED);
  const pixelBytes = ((<usize>load<i32>(record, OUT_CHANNELS) + 7) & ~7) << 2;
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const input = load<usize>(record, INPUT);
  const tiles = load<usize>(record, PIXELS);
  const block = load<usize>(record, WINOGRAD_BLOCK);
  const channelBytes = load<usize>(record, WINOGRAD_CHANNEL_BYTES);
  const step = load<usize>(record, WINOGRAD_COLUMN_BYTES);
  const transformed = load<usize>(record, WINOGRAD_TRANSFORMED);
  const products = load<usize>(record, WINOGRAD_PRODUCTS);
  const channels = load<i32>(record, OUT_CHANNELS);
  const plane = block * channelBytes;
  const productPlane = block * PRODUCTS;
  for (let first: usize = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    const inputOffsets = load<usize>(record, INPUT_OFFSETS) + (first << 2);
    const outputOffsets = load<usize>(record, OUTPUT_OFFSETS) + (first << 3);
    for (let tile: usize = 0; tile < count; tile++) {
      const from = input + load<usize>(inputOffsets + (tile << 2));
      transformInput(from, transformed + tile * channelBytes, channelBytes, step, plane);
      if (!entry) continue;
      adapterRow(record, entry, from, false, 0, adjusted + 2 * tile * pixelBytes);
      adapterRow(record, entry, from + step, false, 0, adjusted + (2 * tile + 1) * pixelBytes);
    }
    let weights = load<usize>(record, WEIGHTS);
    let start = load<usize>(record, START);
    let scale = load<usize>(record, SCALE);
    let output = load<usize>(record, OUTPUT);
    for (let channel: i32 = 0; channel < channels; channel += PANEL) {
      for (let element: usize = 0; element < ELEMENTS; element++) {
        const x = transformed + element * plane;
        const to = products + element * productPlane;
        multiply(x, weights, channelBytes, x + count * channelBytes, to, element == SHARED ? start : 0);
        weights += channelBytes * 8;
      }
      const left = channels - channel;
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      let m = products;
      let own = adjusted + (<usize>channel << 2);
      for (let to = outputOffsets, end = to + (count << 3); to < end; to += 8) {
        // Aᵀ m, with the Aᵀ of `winograd`.
        const a1 = v128.load(m + productPlane, 0);
        const b1 = v128.load(m + productPlane, 16);
        const a2 = v128.load(m + 2 * productPlane, 0);
        const b2 = v128.load(m + 2 * productPlane, 16);
        let aOne = i32x4.add(i32x4.add(v128.load(m, 0), a1), a2);
        let bOne = i32x4.add(i32x4.add(v128.load(m, 16), b1), b2);
        let aTwo = i32x4.sub(i32x4.sub(a1, a2), v128.load(m + 3 * productPlane, 0));
        let bTwo = i32x4.sub(i32x4.sub(b1, b2), v128.load(m + 3 * productPlane, 16));
        if (entry) {
          aOne = i32x4.add(aOne, i32x4.shl(v128.load(own), 1));
          bOne = i32x4.add(bOne, i32x4.shl(v128.load(own, 16), 1));
          aTwo = i32x4.add(aTwo, i32x4.shl(v128.load(own + pixelBytes), 1));
          bTwo = i32x4.add(bTwo, i32x4.shl(v128.load(own + pixelBytes, 16), 1));
          own += 2 * pixelBytes;
        }
        storeEight(output + load<usize>(to, 4), requantiseEight(aTwo, bTwo, sa, sb), wide, left);
        storeEight(output + load<usize>(to, 0), requantiseEight(aOne, bOne, sa, sb), wide, left);
        m += PRODUCTS;
      }
      start += 32;
      scale += 32;
      output += wide ? 16 : 8;
    }
  }
}
