import type { Matrix } from './matrix-node.ts';

/** @throws RangeError when a matrix of an adapter has another shape, or fewer values than its shape says */
export function requireShape({ rows, columns, data }: Matrix, rowsWanted: number, columnsWanted: number): void {
  if (rows !== rowsWanted || columns !== columnsWanted || data.length !== rows * columns || !(data.length > 0)) {
    throw new RangeError(`a matrix [${rows},${columns}] of an adapter instead of [${rowsWanted},${columnsWanted}]`);
  }
}
