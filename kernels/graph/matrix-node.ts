import type { WasmEngine } from '../wasm/engine.ts';
import { type GraphClock, LazyNode } from './lazy-node.ts';

/** Float32 numbers in rows, one row for each sample of a batch. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows × columns] */
  readonly data: Float32Array;
}

/** A node whose value is a matrix in the engine's memory. */
export abstract class MatrixNode extends LazyNode {
  protected constructor(
    clock: GraphClock,
    sources: readonly LazyNode[],
    protected readonly matrix: Matrix,
  ) {
    super(clock, sources);
  }

  get rows(): number {
    return this.matrix.rows;
  }

  get columns(): number {
    return this.matrix.columns;
  }

  /** The value, computed now if need be: a view to be read, that the next `read` after a change overwrites. */
  read(): Float32Array {
    this.refresh();
    return this.matrix.data;
  }

  /** What the node computes into and others compute from, whether it is up to date or not. */
  get target(): Matrix {
    return this.matrix;
  }
}

/** Where a graph begins: numbers that come from outside. */
export class InputNode extends MatrixNode {
  constructor(clock: GraphClock, matrix: Matrix) {
    super(clock, [], matrix);
  }

  /** Writes [rows × columns] values. */
  set(values: ArrayLike<number>): void {
    const { data } = this.matrix;
    if (values.length !== data.length) throw new RangeError(`${values.length} values for ${data.length}`);
    data.set(values);
    this.changed();
  }

  /** Says that whoever owns the memory of `graph.wrap` wrote to it. */
  changed(): void {
    this.invalidate();
  }

  protected evaluate(): void {}
}

/** A node that a plain function computes from its sources' matrices. */
export class ComputedNode extends MatrixNode {
  constructor(
    clock: GraphClock,
    sources: readonly LazyNode[],
    matrix: Matrix,
    private readonly compute: () => void,
  ) {
    super(clock, sources, matrix);
  }

  protected evaluate(): void {
    this.compute();
  }
}

/** Takes a matrix of zeros from the engine, for as long as the engine lives. */
export function allocateMatrix(engine: WasmEngine, rows: number, columns: number): Matrix {
  if (!(Number.isInteger(rows) && rows >= 1 && Number.isInteger(columns) && columns >= 1)) {
    throw new RangeError(`a matrix of ${rows} times ${columns} numbers cannot be`);
  }
  const address = engine.allocate(rows * columns * 4);
  return { rows, columns, data: new Float32Array(engine.uint8.buffer, address, rows * columns) };
}
