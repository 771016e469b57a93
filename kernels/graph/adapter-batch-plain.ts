import type { Matrix } from './matrix-node.ts';

/** A low-rank adapter on a batch. */
export interface AdapterBatch {
  /** [batch × in] */
  readonly x: Matrix;
  /** [rank × in] */
  readonly a: Matrix;
  /** [out × rank] */
  readonly b: Matrix;
  /** [batch × out] that the adapter is added to, or null; may be `out`, or `x` where in = out. */
  readonly base: Matrix | null;
  /** [batch × out], overwritten; shares no memory with the others. */
  readonly out: Matrix;
  readonly scaling: number;
}

const { fround } = Math;

/** Plain twin of `adapterBatch` in kernels/wasm/assembly/adapter-batch.ts: same order, same roundings, same bits. */
export function adapterBatchPlain({ x, a, b, base, out, scaling }: AdapterBatch): void {
  const factor = fround(scaling);
  for (let n = 0; n < x.rows; n++) {
    let from = base;
    for (let r = 0; r < a.rows; r += 2) {
      const u = fround(factor * project(a, r, x, n));
      if (r + 1 < a.rows) spreadTwo(b, r, u, fround(factor * project(a, r + 1, x, n)), from, out, n);
      else spreadOne(b, r, u, from, out, n);
      from = out;
    }
  }
}

/** Σ_i A[r, i] × x[n, i]: four sums side by side, added crosswise, and then what is left of the row. */
function project(a: Matrix, r: number, x: Matrix, n: number): number {
  const left = a.data;
  const right = x.data;
  const whole = x.columns - (x.columns % 4);
  const end = (r + 1) * x.columns;
  let at = r * x.columns;
  let to = n * x.columns;
  let [lane0, lane1, lane2, lane3] = [0, 0, 0, 0];
  for (const wholeEnd = at + whole; at < wholeEnd; at += 4, to += 4) {
    lane0 = fround(lane0 + fround(left[at]! * right[to]!));
    lane1 = fround(lane1 + fround(left[at + 1]! * right[to + 1]!));
    lane2 = fround(lane2 + fround(left[at + 2]! * right[to + 2]!));
    lane3 = fround(lane3 + fround(left[at + 3]! * right[to + 3]!));
  }
  let sum = fround(fround(lane0 + lane2) + fround(lane1 + lane3));
  for (; at < end; at++, to++) sum = fround(sum + fround(left[at]! * right[to]!));
  return sum;
}

function spreadTwo(b: Matrix, r: number, u: number, v: number, base: Matrix | null, out: Matrix, n: number): void {
  const row = n * out.columns;
  for (let c = 0, at = r; c < out.columns; c++, at += b.columns) {
    const delta = fround(fround(b.data[at]! * u) + fround(b.data[at + 1]! * v));
    // Storing a float32 rounds.
    out.data[row + c] = base === null ? delta : base.data[row + c]! + delta;
  }
}

function spreadOne(b: Matrix, r: number, u: number, base: Matrix | null, out: Matrix, n: number): void {
  const row = n * out.columns;
  for (let c = 0, at = r; c < out.columns; c++, at += b.columns) {
    const delta = fround(b.data[at]! * u);
    out.data[row + c] = base === null ? delta : base.data[row + c]! + delta;
  }
}
