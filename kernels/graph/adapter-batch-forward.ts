import type { Matrix } from './matrix-node.ts';

/**
 * A low-rank adapter on a batch: out[n, c] = scaling × Σ_r b[c, r] × (Σ_i a[r, i] × x[n, i]), float32, rounded after
 * each operation in the order of the indices.
 *
 * @param x [batch × in]
 * @param a [rank × in]
 * @param b [out × rank]
 * @param out [batch × out], overwritten
 */
export function adapterBatchForward(x: Matrix, a: Matrix, b: Matrix, scaling: number, out: Matrix): void {
  for (let n = 0; n < x.rows; n++) {
    const row = n * out.columns;
    for (let r = 0; r < a.rows; r++) {
      let hidden = 0;
      for (let i = 0; i < x.columns; i++) {
        hidden = Math.fround(hidden + Math.fround(a.data[r * x.columns + i]! * x.data[n * x.columns + i]!));
      }
      for (let c = 0; c < out.columns; c++) {
        const term = Math.fround(b.data[c * a.rows + r]! * hidden);
        // Storing a float32 rounds; the first term begins the sum.
        out.data[row + c] = r === 0 ? term : out.data[row + c]! + term;
      }
    }
    for (let c = 0; c < out.columns; c++) out.data[row + c] = Math.fround(scaling) * out.data[row + c]!;
  }
}
