import type { AdapterPoint } from '../adapter-point.ts';
import type { AdapterSet, Interpreter, TensorView } from '../interpreter.ts';
import { quantiseInto } from '../signal/normalise.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import { LazyNode } from './lazy-node.ts';
import { allocateMatrix, ComputedNode, type Matrix, type MatrixNode } from './matrix-node.ts';

/** A value of the model that is kept for each row of the batch, in real numbers. */
interface Tap {
  readonly matrix: Matrix;
  readonly source: Int8Array | Int16Array | Int32Array | Float32Array;
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * A prepared model on every row of a batch, one invocation for each. What it computes is read through the nodes that
 * `logits`, `layerInput` and `layerOutput` give; they all come from the same invocations.
 */
export class ModelNode extends LazyNode {
  private readonly taps: Tap[] = [];
  private readonly view: TensorView;
  /** Views of the rows of the batch. */
  private readonly rows: readonly Float32Array[];

  /**
   * @param input [batch × values of the model's only input], real numbers, quantised for a quantised input
   * @param interpreter made with `keepActivations` where layers are tapped; its state moves on with every row
   * @param adapters null for the frozen model
   */
  constructor(
    private readonly engine: WasmEngine,
    private readonly input: MatrixNode,
    private readonly interpreter: Interpreter,
    private readonly adapters: AdapterSet | null,
  ) {
    super(input.clock, [input]);
    const [view] = interpreter.inputs;
    if (view === undefined || interpreter.inputs.length !== 1 || view.data.length !== input.columns) {
      throw new RangeError(`rows of ${input.columns} values for a model with other inputs`);
    }
    this.view = view;
    const { rows, columns, target } = input;
    this.rows = Array.from({ length: rows }, (_, row) => target.data.subarray(row * columns, (row + 1) * columns));
  }

  /** The factors of the adapters were written: what the model computes is no longer valid. */
  adaptersChanged(): void {
    this.invalidate();
  }

  /** [batch × classes], what the last softmax reads. */
  logits(): MatrixNode {
    const { data, scale, zeroPoint } = this.interpreter.logits;
    return this.tap(data, scale, zeroPoint);
  }

  /** [batch × in], what a dense layer reads: the place for an adapter of one's own. */
  layerInput(ordinal: number): MatrixNode {
    const { input, inputScale } = this.point(ordinal);
    // The point holds its input without the zero point.
    return this.tap(input, inputScale, 0);
  }

  /** [batch × out], what a dense layer writes. */
  layerOutput(ordinal: number): MatrixNode {
    const { output, outputOffset, outputScale, outputZeroPoint } = this.point(ordinal);
    return this.tap(output, outputScale, outputZeroPoint - outputOffset);
  }

  protected evaluate(): void {
    const { interpreter, taps, rows } = this;
    for (let row = 0; row < rows.length; row++) {
      this.present(rows[row]!);
      if (this.adapters === null) interpreter.invoke();
      else interpreter.invoke(this.adapters);
      for (let at = 0; at < taps.length; at++) copyRow(taps[at]!, row);
    }
  }

  private point(ordinal: number): AdapterPoint {
    const point = this.interpreter.adapterPoints[ordinal];
    if (point === undefined || point.rows !== 1) throw new RangeError(`no dense layer ${ordinal} of one row`);
    return point;
  }

  private tap(source: Tap['source'], scale: number, zeroPoint: number): MatrixNode {
    const matrix = allocateMatrix(this.engine, this.input.rows, source.length);
    this.taps.push({ matrix, source, scale, zeroPoint });
    // Invocations that are over did not fill it.
    this.invalidate();
    return new ComputedNode(this.clock, [this], matrix, () => undefined);
  }

  private present(row: Float32Array): void {
    const { data, scale, zeroPoint } = this.view;
    if (data instanceof Float32Array) data.set(row);
    else quantiseInto(row, scale, zeroPoint, data);
  }
}

function copyRow({ matrix, source, scale, zeroPoint }: Tap, row: number): void {
  const { data, columns } = matrix;
  for (let i = 0; i < columns; i++) data[row * columns + i] = scale * (source[i]! - zeroPoint);
}
