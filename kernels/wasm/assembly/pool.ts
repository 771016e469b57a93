import {
  HIGHEST,
  INPUT,
  LOWEST,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
  PIXELS,
  POOL_AVERAGE,
  POOL_GREATEST,
  POOL_MODE,
  POOL_PIXEL_BYTES,
  POOL_ROW_BYTES,
  POOL_SCALE,
  POOL_ZERO_POINT,
  WINDOWS,
  ZERO_POINT,
} from './records';
import { requantise, setRequantisation, storeEight } from './requantise';

/** Values of magnitude 255 at most that an int16 holds the sum of. */
const SUMMANDS: i32 = 128;

/** Sums of a window, channels 0 to 3 and 4 to 7, between the loops that make them and those that round them. */
const sums: usize = memory.data(32, 16);

/** The greatest values of a window, eight channels. */
function greatest(from: usize, rows: i32, columns: i32, rowBytes: usize, pixelBytes: usize): v128 {
  let most = i16x8.splat(i16.MIN_VALUE);
  for (let row: i32 = 0; row < rows; row++) {
    let at = from;
    for (let column: i32 = 0; column < columns; column++) {
      most = i16x8.max_s(most, v128.load(at));
      at += pixelBytes;
    }
    from += rowBytes;
  }
  return most;
}

/** The sums of a window, eight channels: in int16 for as long as that holds them, then in int32, to `sums`. */
function addUp(from: usize, rows: i32, columns: i32, rowBytes: usize, pixelBytes: usize): void {
  let low = i32x4.splat(0);
  let high = low;
  let part = low;
  let room = SUMMANDS;
  for (let row: i32 = 0; row < rows; row++) {
    let at = from;
    for (let column: i32 = 0; column < columns; column++) {
      part = i16x8.add(part, v128.load(at));
      at += pixelBytes;
      if (--room == 0) {
        low = i32x4.add(low, i32x4.extend_low_i16x8_s(part));
        high = i32x4.add(high, i32x4.extend_high_i16x8_s(part));
        part = i32x4.splat(0);
        room = SUMMANDS;
      }
    }
    from += rowBytes;
  }
  v128.store(sums, i32x4.add(low, i32x4.extend_low_i16x8_s(part)), 0);
  v128.store(sums, i32x4.add(high, i32x4.extend_high_i16x8_s(part)), 16);
}

/**
 * sum / count, rounded half away from zero, of up to 65,536 int8 values: the quotient in float32 is cut at the right
 * integer, because it lies at least 2^-16 below the next one where it does not reach it, and is below 2^8.
 */
// @ts-ignore: decorator
@inline
function average(sum: v128, half: v128, count: v128): v128 {
  const sign = i32x4.shr_s(sum, 31);
  const rounded = i32x4.add(sum, i32x4.sub(v128.xor(half, sign), sign));
  return i32x4.trunc_sat_f32x4_s(f32x4.div(f32x4.convert_i32x4_s(rounded), count));
}

// @ts-ignore: decorator
@inline
function clamp(values: v128, lowest: v128, highest: v128): v128 {
  return i32x4.min_s(i32x4.max_s(values, lowest), highest);
}

/**
 * AVERAGE_POOL_2D, MAX_POOL_2D and MEAN over height and width of a wide tensor: windows as far as they lie inside the
 * input, eight channels at a time.
 */
export function pool(record: usize): void {
  const mode = load<i32>(record, POOL_MODE);
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const zeroPoint = load<i32>(record, ZERO_POINT);
  const lowest = i32x4.splat(load<i32>(record, LOWEST));
  const highest = i32x4.splat(load<i32>(record, HIGHEST));
  const inputZeroPoint = load<i32>(record, POOL_ZERO_POINT);
  // What `average` and the greatest of values lack of the output as it is stored.
  const less = i32x4.splat(wide ? zeroPoint : 0);
  const rowBytes = load<usize>(record, POOL_ROW_BYTES);
  const pixelBytes = load<usize>(record, POOL_PIXEL_BYTES);
  const channels = load<i32>(record, OUT_CHANNELS);
  const scale = f32x4.splat(load<f32>(record, POOL_SCALE));
  const low = <f32>(load<i32>(record, LOWEST) - zeroPoint);
  setRequantisation(low, <f32>(load<i32>(record, HIGHEST) - zeroPoint), wide ? 0 : zeroPoint);
  let window = load<usize>(record, WINDOWS);
  let offsets = load<usize>(record, OUTPUT_OFFSETS);
  for (let pixel = load<i32>(record, PIXELS); pixel > 0; pixel--) {
    let from = load<usize>(record, INPUT) + load<usize>(window, 0);
    const rows = load<i32>(window, 4);
    const columns = load<i32>(window, 8);
    const count = rows * columns;
    let to = load<usize>(record, OUTPUT) + load<usize>(offsets);
    for (let left = channels; left > 0; left -= 8) {
      let a: v128;
      let b: v128;
      if (mode == POOL_GREATEST) {
        const most = greatest(from, rows, columns, rowBytes, pixelBytes);
        const zero = i32x4.splat(inputZeroPoint);
        a = i32x4.sub(clamp(i32x4.add(i32x4.extend_low_i16x8_s(most), zero), lowest, highest), less);
        b = i32x4.sub(clamp(i32x4.add(i32x4.extend_high_i16x8_s(most), zero), lowest, highest), less);
      } else {
        addUp(from, rows, columns, rowBytes, pixelBytes);
        a = v128.load(sums, 0);
        b = v128.load(sums, 16);
        if (mode == POOL_AVERAGE) {
          const all = i32x4.splat(count * inputZeroPoint);
          const half = i32x4.splat(count >> 1);
          const divisor = f32x4.splat(<f32>count);
          a = i32x4.sub(clamp(average(i32x4.add(a, all), half, divisor), lowest, highest), less);
          b = i32x4.sub(clamp(average(i32x4.add(b, all), half, divisor), lowest, highest), less);
        } else {
          a = requantise(a, scale);
          b = requantise(b, scale);
        }
      }
      storeEight(to, i16x8.narrow_i32x4_s(a, b), wide, left);
      from += 16;
      to += wide ? 16 : 8;
    }
    window += 12;
    offsets += 4;
  }
}
