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
  WINOGRAD_ROW_BYTES,
  WINOGRAD_TRANSFORMED,
  ZERO_POINT,
} from './records';
import { requantise, setRequantisation, storeEight } from './requantise';
import { multiply, PRODUCTS } from './winograd-multiply';

/** Output channels per weight panel. */
const PANEL: i32 = 8;
/** Elements of a transformed tile, 4 × 4, and the one that is added to all four outputs. */
const ELEMENTS: usize = 16;
const CENTRE: usize = 5;

/** Four pixels of eight channels in int32, between the two halves of the output transform. */
const outputs: usize = memory.data(128, 16);

/**
 * Bᵀ d B of one tile of 4 × 4 pixels, with Bᵀ = [1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1], eight channels at a time;
 * |results| ≤ 4 × 255. Element (y, x) goes to plane 4y + x, planes are `plane` bytes apart.
 */
function transformInput(from: usize, to: usize, bytes: usize, row: usize, column: usize, plane: usize): void {
  for (let channel: usize = 0; channel < bytes; channel += 16) {
    for (let x: usize = 0; x < 4; x++) {
      const at = from + x * column + channel;
      const d0 = v128.load(at);
      const d1 = v128.load(at + row);
      const d2 = v128.load(at + 2 * row);
      const d3 = v128.load(at + 3 * row);
      const half = to + x * plane + channel;
      v128.store(half, i16x8.sub(d0, d2));
      v128.store(half + 4 * plane, i16x8.add(d1, d2));
      v128.store(half + 8 * plane, i16x8.sub(d2, d1));
      v128.store(half + 12 * plane, i16x8.sub(d1, d3));
    }
    for (let y: usize = 0; y < 4; y++) {
      const at = to + 4 * y * plane + channel;
      const t0 = v128.load(at);
      const t1 = v128.load(at + plane);
      const t2 = v128.load(at + 2 * plane);
      const t3 = v128.load(at + 3 * plane);
      v128.store(at, i16x8.sub(t0, t2));
      v128.store(at + plane, i16x8.add(t1, t2));
      v128.store(at + 2 * plane, i16x8.sub(t2, t1));
      v128.store(at + 3 * plane, i16x8.sub(t1, t3));
    }
  }
}

/**
 * Aᵀ M A of four channels, with Aᵀ = [1 1 1 0; 0 1 −1 −1], requantised, to `outputs`: pixels (0,0), (0,1), (1,0), (1,1),
 * 32 bytes a pixel.
 *
 * @param plane bytes between two elements of M
 * @param corrections of an adapter, in units of a simple sum: pixels are `stride` bytes apart; 0: none
 */
function transformOutput(m: usize, plane: usize, to: usize, scale: v128, corrections: usize, stride: usize): void {
  let top0 = i32x4.splat(0);
  let top1 = top0;
  let bottom0 = top0;
  let bottom1 = top0;
  for (let x: usize = 0; x < 4; x++) {
    const m0 = v128.load(m);
    const m1 = v128.load(m + 4 * plane);
    const m2 = v128.load(m + 8 * plane);
    const m3 = v128.load(m + 12 * plane);
    const top = i32x4.add(i32x4.add(m0, m1), m2);
    const bottom = i32x4.sub(i32x4.sub(m1, m2), m3);
    if (x < 3) {
      top0 = i32x4.add(top0, top);
      bottom0 = i32x4.add(bottom0, bottom);
    }
    if (x == 1) {
      top1 = top;
      bottom1 = bottom;
    } else if (x > 1) {
      top1 = i32x4.sub(top1, top);
      bottom1 = i32x4.sub(bottom1, bottom);
    }
    m += plane;
  }
  if (corrections) {
    top0 = i32x4.add(top0, i32x4.shl(v128.load(corrections), 2));
    top1 = i32x4.add(top1, i32x4.shl(v128.load(corrections + stride), 2));
    bottom0 = i32x4.add(bottom0, i32x4.shl(v128.load(corrections + 2 * stride), 2));
    bottom1 = i32x4.add(bottom1, i32x4.shl(v128.load(corrections + 3 * stride), 2));
  }
  v128.store(to, requantise(top0, scale), 0);
  v128.store(to, requantise(top1, scale), 32);
  v128.store(to, requantise(bottom0, scale), 64);
  v128.store(to, requantise(bottom1, scale), 96);
}

/**
 * A 3 × 3 convolution of stride 1 by Winograd's F(2 × 2, 3 × 3) (Lavin and Gray, arXiv 1509.09308, §4.1) in exact integer
 * arithmetic: weights are transformed with 2G, so every sum is four times the true one; the bias enters fourfold and
 * the scale holds the quarter, which changes no bit of the product. Sums wrap and come right again, as long as four
 * times the result fits int32.
 *
 * @param record fields of records.ts; PIXELS counts tiles of 2 × 2 pixels, INPUT_OFFSETS has one offset a tile and
 *   OUTPUT_OFFSETS four, in the order in which they are written: a pixel outside of the image names one that comes later
 */
export function winograd(record: usize, adapters: usize): void {
  const entry = entryOf(record, adapters);
  const adjusted = load<usize>(record, ADJUSTED);
  const pixelBytes = ((<usize>load<i32>(record, OUT_CHANNELS) + 7) & ~7) << 2;
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const input = load<usize>(record, INPUT);
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const tiles = load<usize>(record, PIXELS);
  const block = load<usize>(record, WINOGRAD_BLOCK);
  const channelBytes = load<usize>(record, WINOGRAD_CHANNEL_BYTES);
  const rowBytes = load<usize>(record, WINOGRAD_ROW_BYTES);
  const columnBytes = load<usize>(record, WINOGRAD_COLUMN_BYTES);
  const transformed = load<usize>(record, WINOGRAD_TRANSFORMED);
  const products = load<usize>(record, WINOGRAD_PRODUCTS);
  const channels = load<i32>(record, OUT_CHANNELS);
  const plane = block * channelBytes;
  const productPlane = block * PRODUCTS;
  const weightBytes = channelBytes * 8;
  for (let first: usize = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    for (let tile: usize = 0; tile < count; tile++) {
      const from = input + load<usize>(inputOffsets + ((first + tile) << 2));
      transformInput(from, transformed + tile * channelBytes, channelBytes, rowBytes, columnBytes, plane);
      for (let pixel: usize = 0; entry && pixel < 4; pixel++) {
        const x = from + (pixel >> 1) * rowBytes + (pixel & 1) * columnBytes;
        adapterRow(record, entry, x, false, 0, adjusted + (4 * tile + pixel) * pixelBytes);
      }
    }
    let weights = load<usize>(record, WEIGHTS);
    let start = load<usize>(record, START);
    let scale = load<usize>(record, SCALE);
    let output = load<usize>(record, OUTPUT);
    for (let channel: i32 = 0; channel < channels; channel += PANEL) {
      for (let element: usize = 0; element < ELEMENTS; element++) {
        const x = transformed + element * plane;
        const to = products + element * productPlane;
        multiply(x, weights, channelBytes, x + count * channelBytes, to, element == CENTRE ? start : 0);
        weights += weightBytes;
      }
      const left = channels - channel;
      for (let tile: usize = 0; tile < count; tile++) {
        const m = products + tile * PRODUCTS;
        const own = entry ? adjusted + 4 * tile * pixelBytes + (<usize>channel << 2) : 0;
        transformOutput(m, productPlane, outputs, v128.load(scale, 0), own, pixelBytes);
        const next = own ? own + 16 : 0;
        transformOutput(m + 16, productPlane, outputs + 16, v128.load(scale, 16), next, pixelBytes);
        const to = outputOffsets + ((first + tile) << 4);
        // From the last pixel to the first: those outside of the image name one that is still to come.
        for (let pixel: usize = 4; pixel-- > 0; ) {
          const from = outputs + (pixel << 5);
          storeEight(output + load<usize>(to + (pixel << 2)), i16x8.narrow_i32x4_s(v128.load(from), v128.load(from, 16)), wide, left);
        }
      }
      start += 32;
      scale += 32;
      output += wide ? 16 : 8;
    }
  }
}
