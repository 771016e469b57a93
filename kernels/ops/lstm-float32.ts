import { exp } from '../math/exp.ts';
import { tanh } from '../math/tanh.ts';
import type { LstmShape } from './lstm-int8.ts';

/** One gate in real numbers, shaped as `LstmInt8Gate`. */
export interface LstmFloat32Gate {
  readonly inputWeights: Float32Array;
  readonly recurrentWeights: Float32Array;
  readonly bias: Float32Array;
}

export interface LstmFloat32 extends LstmShape {
  /** Bound of the cell state; Infinity for none. */
  readonly cellClip: number;
}

/** Values and gates of one layer, shaped as in `LstmInt8Tensors`. */
export interface LstmFloat32Tensors {
  readonly inputGate: LstmFloat32Gate;
  readonly forgetGate: LstmFloat32Gate;
  readonly cellGate: LstmFloat32Gate;
  readonly outputGate: LstmFloat32Gate;
  readonly input: Float32Array;
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
  readonly output: Float32Array;
}

/** All steps of a sequence in float32, rounded after each operation (Gers et al. 2000: with forget gates). */
export function lstmFloat32(layer: LstmFloat32, tensors: LstmFloat32Tensors): void {
  const { batches, steps, timeMajor } = layer;
  for (let step = 0; step < steps; step++) {
    for (let batch = 0; batch < batches; batch++) {
      lstmStep(layer, tensors, batch, timeMajor ? step * batches + batch : batch * steps + step);
    }
  }
}

function lstmStep(layer: LstmFloat32, tensors: LstmFloat32Tensors, batch: number, row: number): void {
  const { cells, cellClip } = layer;
  const { inputGate, forgetGate, cellGate, outputGate, hidden, cell, output } = tensors;
  for (let c = 0; c < cells; c++) {
    const forget = sigmoid(gateSum(layer, forgetGate, tensors, batch, row, c));
    const admit = sigmoid(gateSum(layer, inputGate, tensors, batch, row, c));
    const candidate = Math.fround(tanh(gateSum(layer, cellGate, tensors, batch, row, c)));
    const release = sigmoid(gateSum(layer, outputGate, tensors, batch, row, c));
    const at = batch * cells + c;
    const state = Math.fround(Math.fround(forget * cell[at]!) + Math.fround(admit * candidate));
    cell[at] = Math.max(-cellClip, Math.min(cellClip, state));
    output[row * cells + c] = release * Math.fround(tanh(cell[at]!));
  }
  // Only now: every gate of this step reads the hidden state of the one before.
  for (let c = 0; c < cells; c++) hidden[batch * cells + c] = output[row * cells + c]!;
}

function gateSum(
  { inputs, cells }: LstmShape,
  { inputWeights, recurrentWeights, bias }: LstmFloat32Gate,
  { input, hidden }: LstmFloat32Tensors,
  batch: number,
  row: number,
  c: number,
): number {
  let sum = bias[c]!;
  for (let i = 0; i < inputs; i++) {
    sum = Math.fround(sum + Math.fround(inputWeights[c * inputs + i]! * input[row * inputs + i]!));
  }
  for (let i = 0; i < cells; i++) {
    sum = Math.fround(sum + Math.fround(recurrentWeights[c * cells + i]! * hidden[batch * cells + i]!));
  }
  return sum;
}

function sigmoid(x: number): number {
  return Math.fround(1 / (1 + exp(-x)));
}
