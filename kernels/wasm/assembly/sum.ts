import {
  HALF,
  HIGHEST,
  IMAGE_A,
  IMAGE_B,
  IMAGE_OUTPUT,
  INPUT,
  LOWEST,
  MULTIPLIERS_HIGH,
  MULTIPLIERS_LOW,
  OPERAND_B,
  OUT_WIDE,
  OUTPUT,
  ROW_A,
  ROW_B,
  ROW_COUNT,
  ROW_IMAGES,
  ROW_OUTPUT,
  ROW_VALUES,
  SHIFT,
  ZERO_POINT,
} from './records';
import { storeNarrow, storeWide } from './requantise';

/** Bits of the low part of a multiplier. */
const LOW_BITS: i32 = 11;

/** ((half + a·A + b·B) >> shift) of four pairs (a, b), with A and B split so that each product fits int16 × int16. */
// @ts-ignore: decorator
@inline
function scaled(pairs: v128, high: v128, low: v128, half: v128, shift: i32): v128 {
  const upper = i32x4.shl(i32x4.dot_i16x8_s(pairs, high), LOW_BITS);
  return i32x4.shr_s(i32x4.add(i32x4.add(upper, i32x4.dot_i16x8_s(pairs, low)), half), shift);
}

/**
 * ADD and SUB of two wide tensors: clamp((half + a·A + b·B) >> shift), XNNPACK's qs8-vadd without its zero points.
 * Eight values at a time, also behind the last of a row, of which only those that belong to it are stored.
 */
export function sum(record: usize): void {
  const high = i32x4.splat(load<i32>(record, MULTIPLIERS_HIGH));
  const low = i32x4.splat(load<i32>(record, MULTIPLIERS_LOW));
  const half = i32x4.splat(load<i32>(record, HALF));
  const shift = load<i32>(record, SHIFT);
  const lowest = i16x8.splat(<i16>load<i32>(record, LOWEST));
  const highest = i16x8.splat(<i16>load<i32>(record, HIGHEST));
  const zeroPoint = i16x8.splat(<i16>load<i32>(record, ZERO_POINT));
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const values = load<i32>(record, ROW_VALUES);
  const rows = load<usize>(record, ROW_COUNT);
  const images = load<usize>(record, ROW_IMAGES);
  for (let image: usize = 0; image < images; image++) {
    for (let row: usize = 0; row < rows; row++) {
      let a = load<usize>(record, INPUT) + image * load<usize>(record, IMAGE_A) + row * load<usize>(record, ROW_A);
      let b = load<usize>(record, OPERAND_B) + image * load<usize>(record, IMAGE_B) + row * load<usize>(record, ROW_B);
      let to = load<usize>(record, OUTPUT) + image * load<usize>(record, IMAGE_OUTPUT) + row * load<usize>(record, ROW_OUTPUT);
      for (let left = values; left > 0; left -= 8) {
        const x = v128.load(a);
        const y = v128.load(b);
        const first = scaled(v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11), high, low, half, shift);
        const second = scaled(v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15), high, low, half, shift);
        const q = i16x8.min_s(i16x8.max_s(i16x8.narrow_i32x4_s(first, second), lowest), highest);
        if (wide) {
          storeWide(to, q, left);
          to += 16;
        } else {
          const shifted = i16x8.add(q, zeroPoint);
          storeNarrow(to, i8x16.narrow_i16x8_s(shifted, shifted), left);
          to += 8;
        }
        a += 16;
        b += 16;
      }
    }
  }
}
