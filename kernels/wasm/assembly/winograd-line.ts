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
  WINOGRAD_WEIGHED_BYTES,
  ZERO_POINT,
} from './records';
import { setRequantisation } from './requantise';
import { multiply, PRODUCTS } from './winograd-multiply';
import { FOUR, finishFour, SIX, transformInput } from './winograd-transforms';

/** Output channels per weight panel. */
const PANEL: i32 = 8;
/** The element of a transformed tile that is added to every output. */
const SHARED: usize = 1;

/** Sums are 24 times the true ones: 3 × THIRD = 1 modulo 2^32, and 2^EIGHTH = 8. */
const THIRD: i32 = 0xaaaaaaab;
const EIGHTH: i32 = 3;

/**
 * A convolution of three taps in a line, 1 × 3 or 3 × 1, of stride 1 and any dilation, by Winograd's F(4, 3) in exact
 * integer arithmetic: weights are transformed so that every sum is 24 times the true one, and so is the bias. Sums wrap,
 * and the division by 24 is exact modulo 2^32, by the inverse of 3 and a shift, as long as eight times the result fits
 * int32.
 *
 * @param record fields of records.ts; PIXELS counts tiles of four pixels, INPUT_OFFSETS has one offset a tile and
 *   OUTPUT_OFFSETS four; the first is written last, because those outside of the image name it
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
  const bytes = load<usize>(record, WINOGRAD_WEIGHED_BYTES);
  const step = load<usize>(record, WINOGRAD_COLUMN_BYTES);
  const transformed = load<usize>(record, WINOGRAD_TRANSFORMED);
  const products = load<usize>(record, WINOGRAD_PRODUCTS);
  const channels = load<i32>(record, OUT_CHANNELS);
  const plane = block * channelBytes;
  const productPlane = block * PRODUCTS;
  for (let first: usize = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    const inputOffsets = load<usize>(record, INPUT_OFFSETS) + (first << 2);
    const outputOffsets = load<usize>(record, OUTPUT_OFFSETS) + (first << 4);
    for (let tile: usize = 0; tile < count; tile++) {
      const from = input + load<usize>(inputOffsets + (tile << 2));
      const to = transformed + tile * channelBytes;
      for (let channel: usize = 0; channel < channelBytes; channel += 16)
        transformInput(from + channel, step, to + channel, plane);
      for (let pixel: usize = 0; entry && pixel < FOUR; pixel++)
        adapterRow(record, entry, from + pixel * step, false, 0, adjusted + (FOUR * tile + pixel) * pixelBytes);
    }
    let weights = load<usize>(record, WEIGHTS);
    let start = load<usize>(record, START);
    let scale = load<usize>(record, SCALE);
    let output = load<usize>(record, OUTPUT);
    for (let channel: i32 = 0; channel < channels; channel += PANEL) {
      const left = channels - channel;
      for (let element: usize = 0; element < SIX; element++) {
        const x = transformed + element * plane;
        const to = products + element * productPlane;
        multiply(x, weights, channelBytes, bytes, x + count * channelBytes, to, element == SHARED ? start : 0, left <= 4);
        weights += bytes * 8;
      }
      const sa = v128.load(scale, 0);
      const sb = v128.load(scale, 16);
      const third = i32x4.splat(THIRD);
      let m = products;
      let own = entry ? adjusted + (<usize>channel << 2) : 0;
      for (let to = outputOffsets, end = to + (count << 4); to < end; to += 16) {
        finishFour(m, productPlane, third, EIGHTH, own, pixelBytes, sa, sb, output, to, wide, left);
        m += PRODUCTS;
        if (own) own += FOUR * pixelBytes;
      }
      start += 32;
      scale += 32;
      output += wide ? 16 : 8;
    }
  }
}
