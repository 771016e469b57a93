import type { WasmEngine } from '../wasm/engine.ts';
import { type AdapterBatch, adapterBatchPlain } from './adapter-batch-plain.ts';
import { requireShape } from './matrix-shape.ts';

export type { AdapterBatch } from './adapter-batch-plain.ts';

/**
 * What computes out = base + scaling × B A x for every row of a batch: the compiled kernel where there is one and all
 * matrices lie in the engine's memory, else its plain twin, with the same bits. The order of the sums is stated in
 * kernels/wasm/assembly/adapter-batch.ts; a row's result does not depend on the rows beside it.
 *
 * @throws RangeError for shapes that do not fit, so that the kernel stays inside the matrices
 */
export function adapterBatchForward(engine: WasmEngine, work: AdapterBatch): () => void {
  const { x, a, b, base, out, scaling } = work;
  for (const matrix of [x, a, b, out, base ?? out]) requireShape(matrix, matrix.rows, matrix.columns);
  requireShape(a, a.rows, x.columns);
  requireShape(b, out.columns, a.rows);
  requireShape(out, x.rows, b.rows);
  requireShape(base ?? out, x.rows, b.rows);
  const kernel = engine.kernels?.adapterBatch;
  const matrices = base === null ? [x, a, b, out] : [x, a, b, out, base];
  if (kernel === undefined || matrices.some(({ data }) => data.buffer !== engine.uint8.buffer)) {
    return () => adapterBatchPlain(work);
  }
  const [atX, atA, atB, atOut] = [x, a, b, out].map(({ data }) => data.byteOffset) as [number, number, number, number];
  const atBase = base?.data.byteOffset ?? 0;
  return () => kernel(atX, atA, atB, atBase, atOut, x.rows, x.columns, out.columns, a.rows, scaling);
}
