import {
  BORDER_AFTER,
  BORDER_BEFORE,
  BORDER_BETWEEN,
  BORDER_IMAGES,
  BORDER_ROW_BYTES,
  BORDER_ROWS,
  INPUT,
  OUTPUT,
  WIDEN_COUNT,
  WIDEN_ROWS,
  WIDEN_STRIDE,
  ZERO_POINT,
} from './records';

/** output[i] = input[i] − zeroPoint, int8 to int16, for i < count; nothing behind them is touched. */
function widenRow(input: usize, output: usize, count: i32, zero: v128): void {
  const whole = count & ~15;
  let from = input;
  let to = output;
  for (let i = 0; i < whole; i += 16) {
    const bytes = v128.load(from);
    v128.store(to, i16x8.sub(i16x8.extend_low_i8x16_s(bytes), zero));
    v128.store(to, i16x8.sub(i16x8.extend_high_i8x16_s(bytes), zero), 16);
    from += 16;
    to += 32;
  }
  const zeroPoint = i16x8.extract_lane_s(zero, 0);
  for (let i = whole; i < count; i++) {
    store<i16>(to, <i16>(<i32>load<i8>(from) - <i32>zeroPoint));
    from += 1;
    to += 2;
  }
}

/** An int8 tensor as int16 minus its zero point, rows a stride apart. */
export function widen(record: usize): void {
  const zero = i16x8.splat(<i16>load<i32>(record, ZERO_POINT));
  const count = load<i32>(record, WIDEN_COUNT);
  const stride = load<usize>(record, WIDEN_STRIDE);
  let from = load<usize>(record, INPUT);
  let to = load<usize>(record, OUTPUT);
  for (let row = load<i32>(record, WIDEN_ROWS); row > 0; row--) {
    widenRow(from, to, count, zero);
    from += count;
    to += stride;
  }
}

/** Sets `bytes` bytes and up to 15 more to zero. */
// @ts-ignore: decorator
@inline
function clear(address: usize, bytes: usize): void {
  const zero = i32x4.splat(0);
  for (let end = address + bytes; address < end; address += 16) v128.store(address, zero);
}

/**
 * Zeroes around the rows of a tensor that its consumers read as padding. Runs before the tensor is written, because it
 * may reach 15 bytes into the next row, and up to 15 behind the tensor, which the arena leaves free.
 */
export function border(record: usize): void {
  const rows = load<i32>(record, BORDER_ROWS);
  const before = load<usize>(record, BORDER_BEFORE);
  const between = load<usize>(record, BORDER_BETWEEN);
  const after = load<usize>(record, BORDER_AFTER);
  const rowBytes = load<usize>(record, BORDER_ROW_BYTES);
  let at = load<usize>(record, OUTPUT);
  for (let image = load<i32>(record, BORDER_IMAGES); image > 0; image--) {
    clear(at, before);
    at += before + rowBytes;
    for (let row = 1; row < rows; row++) {
      clear(at, between);
      at += between + rowBytes;
    }
    clear(at, after);
    at += after;
  }
}
