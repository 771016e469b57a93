import type { AdapterSet, Interpreter } from '../interpreter.ts';
import { matmulFloat32 } from '../ops/batch-matmul-arithmetic.ts';
import { matmulGeometry } from '../ops/batch-matmul-geometry.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import { adapterBatchForward } from './adapter-batch-forward.ts';
import type { GraphClock } from './lazy-node.ts';
import { allocateMatrix, ComputedNode, InputNode, type MatrixNode } from './matrix-node.ts';
import { ModelNode } from './model-node.ts';

export { type AdapterBatch, adapterBatchForward } from './adapter-batch-forward.ts';
export type { InputNode, Matrix, MatrixNode } from './matrix-node.ts';
export type { ModelNode } from './model-node.ts';

/**
 * Computations over batches on the engine's memory and kernels, evaluated when a node is read and only as far as its
 * inputs changed since. All memory is taken while the graph is built: reading allocates nothing. Reading recurses from
 * a node to its sources, so a graph may be as deep as a network, not as long as a recording.
 *
 * Every method throws RangeError for shapes that do not fit: a graph is built by code, not from files.
 */
export class ComputeGraph {
  private readonly clock: GraphClock = { changes: 0 };

  constructor(private readonly engine: WasmEngine) {}

  /** [rows × columns] zeros, until `set`. */
  input(rows: number, columns: number): InputNode {
    return new InputNode(this.clock, allocateMatrix(this.engine, rows, columns));
  }

  /** Memory of somebody else, as the factors of an adapter set, who calls `changed` after writing to it. */
  wrap(data: Float32Array, rows: number, columns: number): InputNode {
    if (data.length !== rows * columns) throw new RangeError(`${data.length} numbers are not ${rows} times ${columns}`);
    return new InputNode(this.clock, { rows, columns, data });
  }

  /** x w, or x wᵀ for weights [out × in] as layers have them. */
  matmul(x: MatrixNode, w: MatrixNode, weights: 'in × out' | 'out × in' = 'in × out'): MatrixNode {
    const geometry = matmulGeometry([x.rows, x.columns], [w.rows, w.columns], false, weights === 'out × in');
    if (typeof geometry === 'string') throw new RangeError(`the graph ${geometry}`);
    const out = allocateMatrix(this.engine, geometry.rows, geometry.columns);
    const [left, right] = [x.target.data, w.target.data];
    return new ComputedNode(this.clock, [x, w], out, () => matmulFloat32(geometry, left, right, out.data));
  }

  /** a + b, where b may be one row that is added to all, as a bias is. */
  add(a: MatrixNode, b: MatrixNode): MatrixNode {
    if (a.columns !== b.columns || (b.rows !== a.rows && b.rows !== 1)) {
      throw new RangeError(`the graph adds [${b.rows},${b.columns}] to [${a.rows},${a.columns}]`);
    }
    const out = allocateMatrix(this.engine, a.rows, a.columns);
    const [left, right] = [a.target.data, b.target.data];
    return new ComputedNode(this.clock, [a, b], out, () => {
      for (let at = 0; at < left.length; at++) out.data[at] = left[at]! + right[at % right.length]!;
    });
  }

  /**
   * base + scaling × B (A x) for every row x: what a low-rank adapter adds to a layer, and the layer's own output.
   *
   * @param a [rank × in]
   * @param b [out × rank]
   * @param base [rows × out]; null for the adapter alone
   */
  adapter(x: MatrixNode, a: MatrixNode, b: MatrixNode, scaling: number, base: MatrixNode | null = null): MatrixNode {
    const out = allocateMatrix(this.engine, x.rows, b.rows);
    const operands = { x: x.target, a: a.target, b: b.target, base: base?.target ?? null, out };
    const sources = base === null ? [x, a, b] : [x, a, b, base];
    return new ComputedNode(this.clock, sources, out, adapterBatchForward(this.engine, { ...operands, scaling }));
  }

  /** A prepared model on every row of `input`; see `ModelNode`. */
  model(input: MatrixNode, interpreter: Interpreter, adapters: AdapterSet | null = null): ModelNode {
    return new ModelNode(this.engine, input, interpreter, adapters);
  }
}
