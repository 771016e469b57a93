import { HIGH, INPUT, LOW, OUT_CHANNELS, OUT_WIDE, OUTPUT, PAIRS, SCALE, WEIGHTS, ZERO_POINT } from './records';
import { requantiseEight, setRequantisation, storeEight } from './requantise';

/** Output columns per weight panel; the last panel of a layer has half as many where that is enough. */
const PANEL: i32 = 32;
/** 256 products of |x − zero point| ≤ 255 and |w| ≤ 127 stay below 2^23: then 256 times their sum has room in 32 bits. */
const PAIRS_MAX: i32 = 128;

/** Sums of a panel, int32. */
const totals: usize = memory.data(128, 16);

/**
 * One row of a dense layer as `dense` has it, with two weights in each int16 (`packCoupled`): v = 256 w₁ + w₀. One
 * multiplication gives 256 S₁ + S₀ for the sums S = Σ w x, one of v << 8 gives 256 S₀, both modulo 2^32; with
 * |S| < 2^23 both sums follow exactly. A dense row reads each weight once, and its time is that of reading them: half
 * the bytes for two shifts more.
 *
 * @param start int32 [⌈out/16⌉ × 16], bias plus adapter
 */
export function coupledRow(record: usize, start: usize): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const input = load<usize>(record, INPUT);
  const pairs = load<i32>(record, PAIRS);
  const out = load<i32>(record, OUT_CHANNELS);
  const step: usize = wide ? 16 : 8;
  let output = load<usize>(record, OUTPUT);
  let scale = load<usize>(record, SCALE);
  let w = load<usize>(record, WEIGHTS);
  for (let left = out; left > 0; left -= PANEL) {
    if (left <= 16) {
      sumsOf<i16>(input, pairs, w, start);
    } else {
      sumsOf<i32>(input, pairs, w, start);
      w += <usize>pairs << 6;
    }
    const first = eight(0, scale);
    const second = eight(32, scale);
    if (left >= PANEL) {
      const third = eight(64, scale);
      const fourth = eight(96, scale);
      if (wide) {
        v128.store(output, first, 0);
        v128.store(output, second, 16);
        v128.store(output, third, 32);
        v128.store(output, fourth, 48);
        output += 64;
      } else {
        v128.store(output, i8x16.narrow_i16x8_s(first, second), 0);
        v128.store(output, i8x16.narrow_i16x8_s(third, fourth), 16);
        output += 32;
      }
    } else {
      storeEight(output, first, wide, left);
      if (left > 8) storeEight(output + step, second, wide, left - 8);
      if (left > 16) storeEight(output + 2 * step, eight(64, scale), wide, left - 16);
      if (left > 24) storeEight(output + 3 * step, eight(96, scale), wide, left - 24);
    }
    start += 128;
    scale += 128;
  }
}

/** Quantised values of the eight sums at `at` of the totals. */
// @ts-ignore: decorator
@inline
function eight(at: usize, scale: usize): v128 {
  const sums = totals + at;
  return requantiseEight(v128.load(sums), v128.load(sums, 16), v128.load(scale + at), v128.load(scale + at, 16));
}

/** Sums of 32 columns to `totals` where `Columns` is i32, and of 16 to its first half where it is i16. */
// @ts-ignore: decorator
@inline
function sumsOf<Columns>(input: usize, pairs: i32, w: usize, start: usize): void {
  let sums = start;
  let x = input;
  for (let left = pairs; left > 0; left -= PAIRS_MAX) {
    const end = x + (<usize>(left < PAIRS_MAX ? left : PAIRS_MAX) << 2);
    let low0 = i32x4.splat(0);
    let both0 = i32x4.splat(0);
    let low1 = i32x4.splat(0);
    let both1 = i32x4.splat(0);
    let low2 = i32x4.splat(0);
    let both2 = i32x4.splat(0);
    let low3 = i32x4.splat(0);
    let both3 = i32x4.splat(0);
    while (x < end) {
      const x0 = v128.load32_splat(x);
      const v0 = v128.load(w, 0);
      const v1 = v128.load(w, 16);
      both0 = i32x4.add(both0, i32x4.dot_i16x8_s(v0, x0));
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(i16x8.shl(v0, 8), x0));
      both1 = i32x4.add(both1, i32x4.dot_i16x8_s(v1, x0));
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(i16x8.shl(v1, 8), x0));
      if (sizeof<Columns>() == 4) {
        // Never so; a new block of code, as V8 hoists all loads of one to its top.
        if (!w) break;
        const v2 = v128.load(w, 32);
        const v3 = v128.load(w, 48);
        both2 = i32x4.add(both2, i32x4.dot_i16x8_s(v2, x0));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(i16x8.shl(v2, 8), x0));
        both3 = i32x4.add(both3, i32x4.dot_i16x8_s(v3, x0));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(i16x8.shl(v3, 8), x0));
      }
      w += 16 * sizeof<Columns>();
      x += 4;
    }
    part(sums, 0, low0, both0);
    part(sums, 32, low1, both1);
    if (sizeof<Columns>() == 4) {
      part(sums, 64, low2, both2);
      part(sums, 96, low3, both3);
    }
    sums = totals;
  }
}

/** Takes two sums of four columns apart, and adds those at `sums` to them. */
// @ts-ignore: decorator
@inline
function part(sums: usize, at: usize, low: v128, both: v128): void {
  const first = i32x4.shr_s(low, 8);
  const second = i32x4.shr_s(i32x4.sub(both, first), 8);
  v128.store(totals + at, i32x4.add(v128.load(sums + at), first));
  v128.store(totals + at, i32x4.add(v128.load(sums + at, 16), second), 16);
}
