import type { WasmEngine } from '../wasm/engine.ts';
import { adapterBatchPlain } from './adapter-batch-plain.ts';
import type { Matrix } from './matrix-node.ts';
import { requireShape } from './matrix-shape.ts';

/** Adapters that share A, a different one for every row of a batch. */
export interface AdapterMany {
  /** [batch × in] */
  readonly x: Matrix;
  /** [rank × in], shared */
  readonly a: Matrix;
  /** [batch] of [out × rank]; the same one may stand for several rows. */
  readonly b: readonly Matrix[];
  /** [batch × out] that the adapters are added to, or null. */
  readonly base: Matrix | null;
  /** [batch × out], overwritten; shares no memory with the others. */
  readonly out: Matrix;
  readonly scaling: number;
}

/**
 * What computes out[n] = base[n] + scaling × B[n] A x[n] in one pass, A x for four rows at a time; the plain twin row
 * by row, with the same bits.
 *
 * @throws RangeError for shapes that do not fit
 */
export function adapterManyForward(engine: WasmEngine, work: AdapterMany): () => void {
  const { x, a, b, base, out, scaling } = work;
  requireShape(a, a.rows, x.columns);
  requireShape(out, x.rows, out.columns);
  requireShape(base ?? out, x.rows, out.columns);
  requireShape(x, b.length, x.columns);
  for (const matrix of b) requireShape(matrix, out.columns, a.rows);
  const kernel = engine.kernels?.adapterMany;
  const matrices = [x, a, out, ...b, ...(base === null ? [] : [base])];
  if (kernel === undefined || matrices.some(({ data }) => data.buffer !== engine.uint8.buffer)) return plainRows(work);
  const table = engine.allocate(4 * b.length);
  for (const [n, { data }] of b.entries()) engine.int32[table / 4 + n] = data.byteOffset;
  const [atX, atA, atOut] = [x, a, out].map(({ data }) => data.byteOffset) as [number, number, number];
  const atBase = base?.data.byteOffset ?? 0;
  return () => kernel(atX, atA, table, atBase, atOut, x.rows, x.columns, out.columns, a.rows, scaling);
}

function plainRows({ x, a, b, base, out, scaling }: AdapterMany): () => void {
  const rows = b.map((own, n) => {
    const of = ({ columns, data }: Matrix): Matrix => {
      return { rows: 1, columns, data: data.subarray(n * columns, (n + 1) * columns) };
    };
    return { x: of(x), a, b: own, base: base === null ? null : of(base), out: of(out), scaling };
  });
  return () => {
    for (let n = 0; n < rows.length; n++) adapterBatchPlain(rows[n]!);
  };
}
