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
  WINOGRAD_WEIGHED_BYTES,
  ZERO_POINT,
} from './records';
import { setRequantisation } from './requantise';
import { multiply, PRODUCTS } from './winograd-multiply';
import { FOUR, finishFour, SIX, transformInput, transformOutput } from './winograd-transforms';

/** Output channels per weight panel. */
const PANEL: i32 = 8;
/** Elements of a transformed tile, and the one that is added to every output. */
const ELEMENTS: usize = SIX * SIX;
const SHARED: usize = SIX + 1;

/** Sums are 24² times the true ones: 9 × NINTH = 1 modulo 2^32, and 2^SIXTY_FOURTH = 64. */
const NINTH: i32 = 0x38e38e39;
const SIXTY_FOURTH: i32 = 6;

/** Outputs by columns of eight channels in int32, 4 × 6, between the two halves of the output transform. */
const columns: usize = memory.data(768, 16);
const COLUMNS_ROW: usize = SIX * PRODUCTS;

/**
 * Bᵀ d B of one tile of 6 × 6 pixels, eight channels at a time; |results| ≤ 100 × 255. Element (y, x) goes to plane
 * 6y + x, planes are `plane` bytes apart.
 */
function transformTile(from: usize, to: usize, bytes: usize, row: usize, column: usize, plane: usize): void {
  for (const end = to + bytes; to < end; to += 16) {
    for (let x: usize = 0; x < SIX; x++) transformInput(from + x * column, row, to + x * plane, SIX * plane);
    for (let y: usize = 0; y < SIX; y++) transformInput(to + y * SIX * plane, plane, to + y * SIX * plane, plane);
    from += 16;
  }
}

/**
 * A 3 × 3 convolution of stride 1 by Winograd's F(4 × 4, 3 × 3) (Lavin and Gray, arXiv 1509.09308, §4.3) in exact integer
 * arithmetic, as `winogradLine` in two dimensions: every sum is 576 times the true one, and 64 times the result must fit
 * int32.
 *
 * @param record fields of records.ts; PIXELS counts tiles of 4 × 4 pixels, INPUT_OFFSETS has one offset a tile and
 *   OUTPUT_OFFSETS sixteen, row by row; the first is written last, because those outside of the image name it
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
  const bytes = load<usize>(record, WINOGRAD_WEIGHED_BYTES);
  const rowBytes = load<usize>(record, WINOGRAD_ROW_BYTES);
  const columnBytes = load<usize>(record, WINOGRAD_COLUMN_BYTES);
  const transformed = load<usize>(record, WINOGRAD_TRANSFORMED);
  const products = load<usize>(record, WINOGRAD_PRODUCTS);
  const channels = load<i32>(record, OUT_CHANNELS);
  const plane = block * channelBytes;
  const productPlane = block * PRODUCTS;
  for (let first: usize = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    for (let tile: usize = 0; tile < count; tile++) {
      const from = input + load<usize>(inputOffsets + ((first + tile) << 2));
      transformTile(from, transformed + tile * channelBytes, channelBytes, rowBytes, columnBytes, plane);
      for (let pixel: usize = 0; entry && pixel < FOUR * FOUR; pixel++) {
        const x = from + (pixel >> 2) * rowBytes + (pixel & 3) * columnBytes;
        adapterRow(record, entry, x, false, 0, adjusted + (FOUR * FOUR * tile + pixel) * pixelBytes);
      }
    }
    let weights = load<usize>(record, WEIGHTS);
    let start = load<usize>(record, START);
    let scale = load<usize>(record, SCALE);
    let output = load<usize>(record, OUTPUT);
    for (let channel: i32 = 0; channel < channels; channel += PANEL) {
      const left = channels - channel;
      for (let element: usize = 0; element < ELEMENTS; element++) {
        const x = transformed + element * plane;
        const to = products + element * productPlane;
        multiply(x, weights, channelBytes, bytes, x + count * channelBytes, to, element == SHARED ? start : 0, left <= 4);
        weights += bytes * 8;
      }
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      const ninth = i32x4.splat(NINTH);
      const rowStep = SIX * productPlane;
      for (let tile: usize = 0; tile < count; tile++) {
        let m = products + tile * PRODUCTS;
        for (let to = columns, end = columns + COLUMNS_ROW; to < end; to += PRODUCTS) {
          transformOutput(m, rowStep, to, COLUMNS_ROW);
          transformOutput(m + 16, rowStep, to + 16, COLUMNS_ROW);
          m += productPlane;
        }
        const outputs = outputOffsets + ((first + tile) << 6);
        const corrections = adjusted + FOUR * FOUR * tile * pixelBytes + (<usize>channel << 2);
        for (let y: usize = FOUR; y-- > 0; ) {
          const own = entry ? corrections + FOUR * y * pixelBytes : 0;
          const from = columns + y * COLUMNS_ROW;
          finishFour(from, PRODUCTS, ninth, SIXTY_FOURTH, own, pixelBytes, sa, sb, output, outputs + (y << 4), wide, left);
        }
      }
      start += 32;
      scale += 32;
      output += wide ? 16 : 8;
    }
  }
}
