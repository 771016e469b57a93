import { requantise } from './requantise';

/** Output columns per weight panel. */
const PANEL: i32 = 16;
/** Bytes of a panel's weights for one pair of k: 16 columns × 2 × int16. */
const PAIR_BYTES: usize = 64;

/** A whole panel is computed here and its used columns copied, so that the last store stays inside the output. */
const tail: usize = memory.data(16, 16);

/**
 * One row of a dense layer: output[c] = requantise(start[c] + Σ_k weight[c,k] × input[k]).
 *
 * @param input int16 [2 × pairs], x − zeroPoint
 * @param weights int16 panels of 16 columns; in a panel, for each pair of k: column 0 (k, k+1), column 1 (k, k+1), …
 * @param start int32 [⌈out/16⌉ × 16], bias plus adapter
 * @param scale float32 [⌈out/16⌉ × 16]
 * @param output int8 [out]
 */
export function dense(
  input: usize,
  weights: usize,
  start: usize,
  scale: usize,
  output: usize,
  pairs: i32,
  out: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const low = f32x4.splat(<f32>(activationMin - outputZeroPoint));
  const high = f32x4.splat(<f32>(activationMax - outputZeroPoint));
  const zeroPoint = i32x4.splat(outputZeroPoint);
  const evenEnd = input + ((<usize>(pairs & ~1)) << 2);
  let w = weights;
  for (let column: i32 = 0; column < out; column += PANEL) {
    let a0 = v128.load(start, 0);
    let a1 = v128.load(start, 16);
    let a2 = v128.load(start, 32);
    let a3 = v128.load(start, 48);
    let x = input;
    // Two pairs per iteration: V8 hoists all loads of a block to its top, more would spill the accumulators.
    while (x < evenEnd) {
      const x0 = v128.load32_splat(x, 0);
      const x1 = v128.load32_splat(x, 4);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.load(w, 0), x0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.load(w, 16), x0));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(v128.load(w, 32), x0));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(v128.load(w, 48), x0));
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.load(w, 64), x1));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.load(w, 80), x1));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(v128.load(w, 96), x1));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(v128.load(w, 112), x1));
      w += 2 * PAIR_BYTES;
      x += 8;
    }
    if (pairs & 1) {
      const x0 = v128.load32_splat(x, 0);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.load(w, 0), x0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.load(w, 16), x0));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(v128.load(w, 32), x0));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(v128.load(w, 48), x0));
      w += PAIR_BYTES;
    }
    a0 = requantise(a0, v128.load(scale, 0), low, high, zeroPoint);
    a1 = requantise(a1, v128.load(scale, 16), low, high, zeroPoint);
    a2 = requantise(a2, v128.load(scale, 32), low, high, zeroPoint);
    a3 = requantise(a3, v128.load(scale, 48), low, high, zeroPoint);
    const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a0, a1), i16x8.narrow_i32x4_s(a2, a3));
    if (out - column >= PANEL) {
      v128.store(output + column, bytes);
    } else {
      v128.store(tail, bytes);
      memory.copy(output + column, tail, out - column);
    }
    start += 64;
    scale += 64;
  }
}
