import { adapterRow, entryOf } from './adapter';
import { tiles } from './convolution-tiles';
import { ADJUSTED, COMPACT, GATHER_ROWS, GATHER_SEGMENTS, GATHERED, INPUT, INPUT_OFFSETS, OUT_CHANNELS, OUTPUT_OFFSETS, PAIRS, PIXELS, RUN_LENGTH, RUN_OFFSETS, SEGMENTS, SINGLE_PIXELS, START } from './records';
import { isWhole } from './requantise';
import { TILE_BYTES } from './tile-bytes';

/** Bytes of a table for the pixels that are gathered at one time: 32. */
const GATHERED_BYTES: usize = 128;

/** With an adapter every pixel has accumulator starts of its own, a tile of four at a time. Operands as of `tiles`. */
function adaptedTiles(
  record: usize,
  entry: usize,
  input: usize,
  inputOffsets: usize,
  outputOffsets: usize,
  tableBytes: usize,
  gathered: bool,
): void {
  const adjusted = load<usize>(record, ADJUSTED);
  const start = load<usize>(record, START);
  const stride = ((<usize>load<i32>(record, OUT_CHANNELS) + 7) & ~7) << 2;
  for (let pixel: usize = 0; pixel < tableBytes; pixel += TILE_BYTES) {
    const offsets = inputOffsets + pixel;
    for (let lane: usize = 0; lane < 4; lane++) {
      const x = input + load<usize>(offsets + (lane << 2));
      adapterRow(record, entry, x, gathered, start, adjusted + lane * stride);
    }
    dispatch(record, input, offsets, outputOffsets + pixel, TILE_BYTES, 0, adjusted, stride);
  }
}

/**
 * Where segments are short (few input channels), those of a block of pixels are copied one after the other first, so that
 * the tiles run over one long segment.
 */
function gatheredTiles(record: usize, entry: usize): void {
  const gathered = load<usize>(record, GATHERED);
  const rowBytes = load<usize>(record, PAIRS) << 2;
  const input = load<usize>(record, INPUT);
  const rows = load<usize>(record, GATHER_ROWS);
  const segments = load<usize>(record, RUN_OFFSETS);
  const segmentsEnd = segments + (load<usize>(record, GATHER_SEGMENTS) << 2);
  const segmentBytes = load<usize>(record, RUN_LENGTH) << 1;
  const start = load<usize>(record, START);
  const singles = load<usize>(record, SINGLE_PIXELS) << 2;
  const outputs = load<usize>(record, OUTPUT_OFFSETS) - load<usize>(record, INPUT_OFFSETS);
  let offsets = load<usize>(record, INPUT_OFFSETS);
  for (const end = offsets + (load<usize>(record, PIXELS) << 2); offsets < end; offsets += GATHERED_BYTES) {
    const bytes = min(GATHERED_BYTES, end - offsets);
    for (let pixel: usize = 0; pixel < bytes; pixel += 4) {
      const from = input + load<usize>(offsets + pixel);
      let to = gathered + (pixel >> 2) * rowBytes;
      // Whole vectors: what they write too much is overwritten by the next segment, the last ones' by nobody's need. Three
      // at most, without a loop, which would ask more than it copies.
      for (let segment = segments; segment < segmentsEnd; segment += 4) {
        const x = from + load<usize>(segment);
        v128.store(to, v128.load(x));
        if (segmentBytes > 16) {
          v128.store(to, v128.load(x, 16), 16);
          if (segmentBytes > 32) v128.store(to, v128.load(x, 32), 32);
        }
        to += segmentBytes;
      }
    }
    const isLast = offsets + GATHERED_BYTES >= end;
    if (entry) adaptedTiles(record, entry, gathered, rows, offsets + outputs, bytes, true);
    else dispatch(record, gathered, rows, offsets + outputs, bytes, isLast ? singles : 0, start, 0);
  }
}

/** @param singles bytes of the tables' last entries that are taken one at a time, in place of the last tile */
function dispatch(
  record: usize,
  input: usize,
  inputOffsets: usize,
  outputOffsets: usize,
  allBytes: usize,
  singles: usize,
  start: usize,
  startStride: usize,
): void {
  const tableBytes = singles ? allBytes - TILE_BYTES : allBytes;
  if (load<i32>(record, COMPACT)) {
    tiles<i8, i8, i8>(record, input, inputOffsets, outputOffsets, tableBytes, singles, start, startStride);
  } else if (startStride || !isWhole(record)) {
    // Starts that differ from pixel to pixel have an adapter in them, which no bound holds.
    tiles<i16, i8, i8>(record, input, inputOffsets, outputOffsets, tableBytes, singles, start, startStride);
  } else if (load<i32>(record, SEGMENTS) == 1) {
    tiles<i16, i16, i16>(record, input, inputOffsets, outputOffsets, tableBytes, singles, start, startStride);
  } else tiles<i16, i16, i8>(record, input, inputOffsets, outputOffsets, tableBytes, singles, start, startStride);
}

export function convolution(record: usize, adapters: usize): void {
  const entry = entryOf(record, adapters);
  if (load<i32>(record, GATHER_SEGMENTS)) {
    gatheredTiles(record, entry);
    return;
  }
  const input = load<usize>(record, INPUT);
  const inputOffsets = load<usize>(record, INPUT_OFFSETS);
  const outputOffsets = load<usize>(record, OUTPUT_OFFSETS);
  const tableBytes = load<usize>(record, PIXELS) << 2;
  if (entry) {
    adaptedTiles(record, entry, input, inputOffsets, outputOffsets, tableBytes, false);
    return;
  }
  const singles = load<usize>(record, SINGLE_PIXELS) << 2;
  dispatch(record, input, inputOffsets, outputOffsets, tableBytes, singles, load<usize>(record, START), 0);
}
