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
  WINOGRAD_PARTS,
  WINOGRAD_PRODUCTS,
  WINOGRAD_ROW_BYTES,
  WINOGRAD_TRANSFORMED,
  WINOGRAD_WEIGHED_BYTES,
  ZERO_POINT,
} from './records';
import { setRequantisation } from './requantise';
import { multiply, PRODUCTS } from './winograd-multiply';
import { FOUR, finishFour, lanesFrom, SIX, transformInput, transformOutput } from './winograd-transforms';

/** Output channels per weight panel. */
const PANEL: i32 = 8;
/** Sums are 576 = 64 × 9 times the true ones, of a line 24 = 8 × 3 times: 9 × NINTH = 3 × THIRD = 1 modulo 2^32. */
const NINTH: i32 = 0x38e38e39;
const THIRD: i32 = 0xaaaaaaab;

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

/** Bᵀ d of one tile of six pixels, `column` bytes apart; |results| ≤ 10 × 255. */
function transformLine(from: usize, to: usize, bytes: usize, column: usize, plane: usize): void {
  for (const end = to + bytes; to < end; to += 16) {
    transformInput(from, column, to, plane);
    from += 16;
  }
}

/** Aᵀ M of eight channels of one tile, to `columns`. */
function transformColumns(m: usize, plane: usize): void {
  for (let to = columns, end = columns + COLUMNS_ROW; to < end; to += PRODUCTS) {
    transformOutput(m, SIX * plane, to, COLUMNS_ROW);
    transformOutput(m + 16, SIX * plane, to + 16, COLUMNS_ROW);
    m += plane;
  }
}

/**
 * A convolution of stride 1 and any dilation by Winograd's F(4 × 4, 3 × 3), or, with taps in one direction, F(4, 3), in
 * exact integer arithmetic: weights are transformed so that every sum is 576 times the true one, or 24 times, and so is
 * the bias. Sums wrap, and the division is exact modulo 2^32, by the inverse of 9 or 3 and a shift, as long as 64 times
 * the result fits int32. Longer filters are parts of three taps a side, which add up like channels.
 *
 * @param record fields of records.ts; PIXELS counts tiles of 4 × 4 or 4 pixels, INPUT_OFFSETS has one offset a tile and
 *   OUTPUT_OFFSETS as many as pixels, row by row; the first is written last, because those outside of the image name it
 */
export function winograd(record: usize, adapters: usize, isSquare: bool): void {
  const entry = entryOf(record, adapters);
  const adjusted = load<usize>(record, ADJUSTED);
  const pixelBytes = ((<usize>load<i32>(record, OUT_CHANNELS) + 7) & ~7) << 2;
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const input = load<usize>(record, INPUT);
  const tiles = load<usize>(record, PIXELS);
  const block = load<usize>(record, WINOGRAD_BLOCK);
  const channelBytes = load<usize>(record, WINOGRAD_CHANNEL_BYTES);
  const bytes = load<usize>(record, WINOGRAD_WEIGHED_BYTES);
  const parts = load<usize>(record, WINOGRAD_PARTS);
  const partBytes = load<usize>(parts);
  const rowBytes = load<usize>(record, WINOGRAD_ROW_BYTES);
  const columnBytes = load<usize>(record, WINOGRAD_COLUMN_BYTES);
  const transformed = load<usize>(record, WINOGRAD_TRANSFORMED);
  const products = load<usize>(record, WINOGRAD_PRODUCTS);
  const channels = load<i32>(record, OUT_CHANNELS);
  const plane = block * channelBytes;
  const productPlane = block * PRODUCTS;
  const rows: usize = isSquare ? FOUR : 1;
  const elements: usize = isSquare ? SIX * SIX : SIX;
  // The element that is added to every output.
  const shared: usize = isSquare ? SIX + 1 : 1;
  const inverse = i32x4.splat(isSquare ? NINTH : 8 * THIRD);
  const step = isSquare ? PRODUCTS : productPlane;
  const tileOutputs = FOUR * rows;
  for (let first: usize = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    const inputOffsets = load<usize>(record, INPUT_OFFSETS) + (first << 2);
    const outputOffsets = load<usize>(record, OUTPUT_OFFSETS) + first * (tileOutputs << 2);
    for (let tile: usize = 0; tile < count; tile++) {
      const from = input + load<usize>(inputOffsets + (tile << 2));
      let to = transformed + tile * channelBytes;
      let part = parts + 4;
      for (const end = to + bytes; to < end; to += partBytes) {
        const own = from + load<usize>(part);
        if (isSquare) transformTile(own, to, partBytes, rowBytes, columnBytes, plane);
        else transformLine(own, to, partBytes, columnBytes, plane);
        part += 4;
      }
      for (let pixel: usize = 0; entry && pixel < tileOutputs; pixel++) {
        const x = from + (pixel >> 2) * rowBytes + (pixel & 3) * columnBytes;
        adapterRow(record, entry, x, false, 0, adjusted + (tileOutputs * tile + pixel) * pixelBytes);
      }
    }
    let weights = load<usize>(record, WEIGHTS);
    let start = load<usize>(record, START);
    let scale = load<usize>(record, SCALE);
    let output = load<usize>(record, OUTPUT);
    for (let channel: i32 = 0; channel < channels; channel += PANEL) {
      const left = channels - channel;
      for (let element: usize = 0; element < elements; element++) {
        const x = transformed + element * plane;
        const to = products + element * productPlane;
        multiply(x, weights, channelBytes, bytes, x + count * channelBytes, to, element == shared ? start : 0, left <= 4);
        weights += bytes * 8;
      }
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      const rest = lanesFrom(left);
      for (let tile: usize = 0; tile < count; tile++) {
        const m = products + tile * PRODUCTS;
        if (isSquare) transformColumns(m, productPlane);
        const outputs = outputOffsets + tile * (tileOutputs << 2);
        const corrections = adjusted + tileOutputs * tile * pixelBytes + (<usize>channel << 2);
        for (let y = rows; y-- > 0; ) {
          const own = entry ? corrections + FOUR * y * pixelBytes : 0;
          const from = isSquare ? columns + y * COLUMNS_ROW : m;
          finishFour(from, step, inverse, own, pixelBytes, sa, sb, output, outputs + (y << 4), wide, left, rest);
        }
      }
      start += 32;
      scale += 32;
      output += wide ? 16 : 8;
    }
  }
}
