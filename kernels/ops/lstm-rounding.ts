import { multiplyByQuantisedMultiplier, type QuantisedMultiplier, roundingDivideByPowerOfTwo } from './fixed-point.ts';
import { logisticInt16, tanhInt16 } from './gemmlowp-int16.ts';
import { createSigmoidTable } from './sigmoid-table.ts';

/** The 16-bit functions inside of a quantised LSTM. TFLite and TFLite Micro agree on the network, not on these. */
export interface LstmRounding {
  /** Logistic of a gate: Q3.12 to Q0.15. */
  sigmoid(x: number): number;
  /** tanh of the cell gate: Q3.12 to Q0.15. */
  tanh(x: number): number;
  /** tanh of the cell state: Q0.15 for a state in units of its own scale. */
  cellTanh(cell: number): number;
  /** Forget gate (Q0.15) × cell state, in units of the state; the argument is the exact product. */
  forget(product: number): number;
  /** Input gate × cell gate (both Q0.15), in units of the state. */
  admit(product: number): number;
}

/** Binary exponents of a cell state's scale: its tanh has 15 + exponent integer bits, 0 to 6. */
export const CELL_EXPONENT_MIN = -15;
export const CELL_EXPONENT_MAX = -9;

/** TFLite's builtin kernel (kernels/lstm_eval.cc, `LstmStepInteger8x8_16`). */
export function builtinRounding(cellExponent: number): LstmRounding {
  const integerBits = 15 + cellExponent;
  return {
    sigmoid: logisticInt16,
    tanh: (x) => tanhInt16(x, 3),
    cellTanh: (cell) => tanhInt16(cell, integerBits),
    forget: (product) => roundingDivideByPowerOfTwo(product, 15),
    admit: (product) => roundingDivideByPowerOfTwo(product, 30 + cellExponent),
  };
}

/** TFLite Micro (micro/kernels/lstm_eval.h) and CMSIS-NN (`arm_nn_lstm_step_s8`). */
export function microRounding(
  cellExponent: number,
  forgetMultiplier: QuantisedMultiplier,
  admitMultiplier: QuantisedMultiplier,
): LstmRounding {
  const table = createSigmoidTable();
  return {
    sigmoid: (x) => table.logistic(x),
    tanh: (x) => table.tanh(x, 0),
    cellTanh: (cell) => table.tanh(cell, cellExponent + 12),
    forget: (product) => multiplyByQuantisedMultiplier(product, forgetMultiplier),
    admit: (product) => multiplyByQuantisedMultiplier(product, admitMultiplier),
  };
}
