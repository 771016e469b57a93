import { projectOne, projectTwo } from './adapter-project';
import { spreadOne, spreadTwo } from './adapter-spread';

/** Scaled projections of two ranks of four rows, float32 [2 × 4]. */
const hidden: usize = memory.data(32, 16);

/**
 * A low-rank adapter on a batch, float32: out[n, c] = base[n, c] + Σ_r B[c, r] × (scaling × Σ_i A[r, i] × x[n, i]).
 * Every operation rounds once and in one order for any batch, so that the plain twin gives the same bits on any CPU (the
 * vectors of ARMv7 alone take numbers below 2^-126 for 0):
 *
 * - Σ_i: lane l takes the i = l mod 4 of the whole fours; (lane 0 + lane 2) + (lane 1 + lane 3); then the last in % 4 one
 *   by one.
 * - Σ_r: ranks in twos, the sum of two is added to the base, then the sum of the next two; a last odd one alone.
 *
 * Four rows at a time share what is loaded of A and B; rows beyond the last repeat it, and of four rows everything is
 * read before anything is written, so that repeating changes nothing.
 *
 * @param x [batch × in]
 * @param a [rank × in], rank from 1
 * @param b [out × rank]
 * @param base [batch × out], or 0 for none; may be `out`, or `x` where in = out
 * @param out [batch × out], overlaps nothing else
 */
export function adapterBatch(
  x: usize,
  a: usize,
  b: usize,
  base: usize,
  out: usize,
  batch: i32,
  inFeatures: i32,
  outFeatures: i32,
  rank: i32,
  scaling: f32,
): void {
  const inBytes = <usize>inFeatures << 2;
  const outBytes = <usize>outFeatures << 2;
  const stride = <usize>rank << 2;
  for (let left = batch; left > 0; left -= 4) {
    const row1: usize = left > 1 ? 1 : 0;
    const row2: usize = left > 2 ? 2 : row1;
    const row3: usize = left > 3 ? 3 : row2;
    const x1 = x + row1 * inBytes;
    const x2 = x + row2 * inBytes;
    const x3 = x + row3 * inBytes;
    const out1 = out + row1 * outBytes;
    const out2 = out + row2 * outBytes;
    const out3 = out + row3 * outBytes;
    let from = base;
    for (let r: usize = 0; r < stride; r += 8) {
      const loraA = a + (r >> 2) * inBytes;
      if (r + 4 < stride) {
        projectTwo(hidden, x, x1, x2, x3, inBytes, loraA, scaling);
        spreadTwo(hidden, b + r, stride, from, out, out1, out2, out3, outBytes);
      } else {
        projectOne(hidden, x, x1, x2, x3, inBytes, loraA, scaling);
        spreadOne(hidden, b + r, stride, from, out, out1, out2, out3, outBytes);
      }
      from = out;
    }
    x += inBytes << 2;
    out += outBytes << 2;
    if (base) base += outBytes << 2;
  }
}
