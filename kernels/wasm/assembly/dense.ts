import { adapterRow, entryOf } from './adapter';
import { coupledRow } from './dense-coupled';
import {
  ADJUSTED,
  COMPACT,
  COUPLED,
  HIGH,
  INPUT,
  LOW,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  PAIRS,
  SCALE,
  START,
  WEIGHTS,
  ZERO_POINT,
} from './records';
import { requantiseEight, setRequantisation, storeEight } from './requantise';
import { weightsAt } from './weights-at';

/** Output columns per weight panel. */
const PANEL: i32 = 16;

/**
 * One row of a dense layer: output[c] = requantise(start[c] + Σ_k weight[c,k] × input[k]).
 *
 * @param record fields of records.ts; weights are panels of 16 columns, in a panel for each pair of k: column 0
 *   (k, k+1), column 1 (k, k+1), …
 * @param start int32 [⌈out/16⌉ × 16], bias plus adapter
 */
function panels<T>(record: usize, start: usize): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  setRequantisation(load<f32>(record, LOW), load<f32>(record, HIGH), wide ? 0 : load<i32>(record, ZERO_POINT));
  const input = load<usize>(record, INPUT);
  const pairs = load<i32>(record, PAIRS);
  const out = load<i32>(record, OUT_CHANNELS);
  const fourEnd = input + (<usize>(pairs & ~3) << 2);
  let output = load<usize>(record, OUTPUT);
  let scale = load<usize>(record, SCALE);
  let w = load<usize>(record, WEIGHTS);
  for (let column: i32 = 0; column < out; column += PANEL) {
    const left = out - column;
    if (left <= 12) {
      if (left <= 4) tailPanel<T>(1, input, pairs, w, start, scale, output, wide, left);
      else if (left <= 8) tailPanel<T>(2, input, pairs, w, start, scale, output, wide, left);
      else tailPanel<T>(3, input, pairs, w, start, scale, output, wide, left);
      return;
    }
    let a0 = v128.load(start, 0);
    let a1 = v128.load(start, 16);
    let a2 = v128.load(start, 32);
    let a3 = v128.load(start, 48);
    let x = input;
    // Two pairs per block of code: V8 hoists all loads of a block to its top, more would spill the accumulators.
    while (x < fourEnd) {
      const u0 = v128.load32_splat(x, 0);
      const u1 = v128.load32_splat(x, 4);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 0), u0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 1), u0));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 2), u0));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 3), u0));
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 4), u1));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 5), u1));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 6), u1));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 7), u1));
      // Never so; a new block of code.
      if (!w) break;
      const v0 = v128.load32_splat(x, 8);
      const v1 = v128.load32_splat(x, 12);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 8), v0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 9), v0));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 10), v0));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 11), v0));
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 12), v1));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 13), v1));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 14), v1));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 15), v1));
      w += sizeof<T>() * 128;
      x += 16;
    }
    if (pairs & 2) {
      const t0 = v128.load32_splat(x, 0);
      const t1 = v128.load32_splat(x, 4);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 0), t0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 1), t0));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 2), t0));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 3), t0));
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 4), t1));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 5), t1));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 6), t1));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 7), t1));
      w += sizeof<T>() * 64;
      x += 8;
    }
    if (pairs & 1) {
      const x0 = v128.load32_splat(x, 0);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 0), x0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 1), x0));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 2), x0));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(weightsAt<T>(w, 3), x0));
      w += sizeof<T>() * 32;
    }
    const count = left;
    storeEight(output, requantiseEight(a0, a1, v128.load(scale, 0), v128.load(scale, 16)), wide, count);
    output += wide ? 16 : 8;
    const second = requantiseEight(a2, a3, v128.load(scale, 32), v128.load(scale, 48));
    if (count > 8) storeEight(output, second, wide, count - 8);
    output += wide ? 16 : 8;
    start += 64;
    scale += 64;
  }
}

/** The first 4 × `vectors` columns of a panel, 1 to 3: what the last one of a layer has. */
// @ts-ignore: decorator
@inline
function tailPanel<T>(vectors: i32, input: usize, pairs: i32, w: usize, start: usize, scale: usize, to: usize, wide: bool, count: i32): void {
  let a0 = v128.load(start, 0);
  let a1 = v128.load(start, 16);
  let a2 = v128.load(start, 32);
  let x = input;
  for (const end = input + (<usize>pairs << 2); x < end; x += 4) {
    const x0 = v128.load32_splat(x);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(weightsAt<T>(w, 0), x0));
    if (vectors > 1) a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weightsAt<T>(w, 1), x0));
    if (vectors > 2) a2 = i32x4.add(a2, i32x4.dot_i16x8_s(weightsAt<T>(w, 2), x0));
    w += sizeof<T>() * 32;
  }
  storeEight(to, requantiseEight(a0, a1, v128.load(scale, 0), v128.load(scale, 16)), wide, count);
  if (vectors > 2) {
    const second = requantiseEight(a2, a2, v128.load(scale, 32), v128.load(scale, 32));
    storeEight(to + (wide ? 16 : 8), second, wide, count - 8);
  }
}

export function dense(record: usize, adapters: usize): void {
  let start = load<usize>(record, START);
  const entry = entryOf(record, adapters);
  if (entry) {
    const adjusted = load<usize>(record, ADJUSTED);
    adapterRow(record, entry, load<usize>(record, INPUT), false, start, adjusted);
    start = adjusted;
  }
  if (load<i32>(record, COUPLED)) coupledRow(record, start);
  else if (load<i32>(record, COMPACT)) panels<i8>(record, start);
  else panels<i16>(record, start);
}
