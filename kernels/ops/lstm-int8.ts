import { multiplyByQuantisedMultiplier, type QuantisedMultiplier } from './fixed-point.ts';
import type { LstmRounding } from './lstm-rounding.ts';

/** Sizes of an LSTM over a sequence; without projection the output is as wide as the cell state. */
export interface LstmShape {
  readonly batches: number;
  readonly steps: number;
  readonly inputs: number;
  readonly cells: number;
  /** Sequences are [steps × batches × …] rather than [batches × steps × …]. */
  readonly timeMajor: boolean;
}

/** One gate: weights are symmetric, the zero points of input and hidden state are folded into the starts. */
export interface LstmInt8Gate {
  /** [cells × inputs] */
  readonly inputWeights: Int8Array;
  /** [cells × cells] */
  readonly recurrentWeights: Int8Array;
  /** [cells], bias − z_input × Σ weights */
  readonly inputStart: Int32Array;
  /** [cells], −z_hidden × Σ weights */
  readonly recurrentStart: Int32Array;
  /** s_input × s_weights / 2^−12 */
  readonly inputMultiplier: QuantisedMultiplier;
  /** s_hidden × s_weights / 2^−12 */
  readonly recurrentMultiplier: QuantisedMultiplier;
}

export interface LstmInt8 extends LstmShape {
  readonly inputGate: LstmInt8Gate;
  readonly forgetGate: LstmInt8Gate;
  readonly cellGate: LstmInt8Gate;
  readonly outputGate: LstmInt8Gate;
  readonly cellMin: number;
  readonly cellMax: number;
  /** 2^−30 / s_hidden */
  readonly hiddenMultiplier: QuantisedMultiplier;
  readonly hiddenZeroPoint: number;
  readonly rounding: LstmRounding;
}

export interface LstmInt8Tensors {
  /** [steps × batches × inputs] or [batches × steps × inputs] */
  readonly input: Int8Array;
  /** [batches × cells], carried to the next sequence */
  readonly hidden: Int8Array;
  /** [batches × cells], carried to the next sequence */
  readonly cell: Int16Array;
  /** As `input`, with cells */
  readonly output: Int8Array;
}

/** All steps of a sequence, from and to the state in `tensors`. */
export function lstmInt8(layer: LstmInt8, tensors: LstmInt8Tensors): void {
  const { batches, steps, timeMajor } = layer;
  for (let step = 0; step < steps; step++) {
    for (let batch = 0; batch < batches; batch++) {
      lstmStep(layer, tensors, batch, timeMajor ? step * batches + batch : batch * steps + step);
    }
  }
}

/** One step of one sequence; `row` is its place in input and output. */
function lstmStep(layer: LstmInt8, tensors: LstmInt8Tensors, batch: number, row: number): void {
  const { cells, rounding, cellMin, cellMax, hiddenMultiplier, hiddenZeroPoint } = layer;
  const { hidden, cell, output } = tensors;
  for (let c = 0; c < cells; c++) {
    const forget = rounding.sigmoid(gateSum(layer, layer.forgetGate, tensors, batch, row, c));
    const admit = rounding.sigmoid(gateSum(layer, layer.inputGate, tensors, batch, row, c));
    const candidate = rounding.tanh(gateSum(layer, layer.cellGate, tensors, batch, row, c));
    const release = rounding.sigmoid(gateSum(layer, layer.outputGate, tensors, batch, row, c));
    const at = batch * cells + c;
    const kept = saturate16(rounding.forget(forget * cell[at]!));
    const state = Math.max(
      cellMin,
      Math.min(cellMax, saturate16(kept + saturate16(rounding.admit(admit * candidate)))),
    );
    cell[at] = state;
    const value = multiplyByQuantisedMultiplier(release * rounding.cellTanh(state), hiddenMultiplier) + hiddenZeroPoint;
    output[row * cells + c] = Math.max(-128, Math.min(127, value));
  }
  // Only now: every gate of this step reads the hidden state of the one before.
  for (let c = 0; c < cells; c++) hidden[batch * cells + c] = output[row * cells + c]!;
}

/** What a gate's activation is applied to, in Q3.12: the input's share saturates before the hidden state's joins. */
function gateSum(
  { inputs, cells }: LstmShape,
  gate: LstmInt8Gate,
  { input, hidden }: LstmInt8Tensors,
  batch: number,
  row: number,
  c: number,
): number {
  const fromInput = dot(gate.inputStart[c]!, gate.inputWeights, c * inputs, input, row * inputs, inputs);
  const share = saturate16(multiplyByQuantisedMultiplier(fromInput, gate.inputMultiplier));
  const fromHidden = dot(gate.recurrentStart[c]!, gate.recurrentWeights, c * cells, hidden, batch * cells, cells);
  return saturate16(multiplyByQuantisedMultiplier(fromHidden, gate.recurrentMultiplier) + share);
}

function dot(start: number, weights: Int8Array, from: number, values: Int8Array, at: number, count: number): number {
  let sum = start;
  for (let i = 0; i < count; i++) sum = (sum + weights[from + i]! * values[at + i]!) | 0;
  return sum;
}

function saturate16(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}

/** Where the sums of a gate begin: bias (if any) − zeroPoint × Σ of each row of the weights, [rows]. */
export function foldZeroPoint(weights: Int8Array, zeroPoint: number, start: Int32Array): void {
  const columns = weights.length / start.length;
  for (let row = 0; row < start.length; row++) {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += weights[row * columns + i]!;
    start[row] = (start[row]! - sum * zeroPoint) | 0;
  }
}
