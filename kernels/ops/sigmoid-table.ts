import { exp } from '../math/exp.ts';

/**
 * 16-bit logistic and tanh by a table with linear interpolation, as TFLite Micro and CMSIS-NN compute them
 * (kernels/internal/reference/integer_ops/{logistic,tanh}.h; `arm_nn_activation_s16`).
 */
export interface SigmoidTable {
  /** Q3.12 to Q0.15. */
  logistic(x: number): number;
  /**
   * tanh of x × 2^(leftShift − 12), to Q0.15.
   * @param leftShift −3 to 3; 0 for an x in Q3.12
   */
  tanh(x: number, leftShift: number): number;
}

/** Entries of the table: logistic(k / 24) in Q0.16. */
const ENTRIES = 256;

export function createSigmoidTable(): SigmoidTable {
  const table = Uint16Array.from({ length: ENTRIES }, (_, k) => {
    return Math.min(65535, Math.floor(65536 / (1 + exp(-k / 24)) + 0.5));
  });
  // A step of 1/24 is 4096 / 24 = 512 / 3 units of Q3.12, so x × 3 has the entry in its upper bits; tanh x is
  // 2 × logistic(2x) − 1, whose argument moves twice as fast.
  const interpolate = (size: number, bits: number, saturated: number): number => {
    const entry = size >> bits;
    if (entry >= ENTRIES - 1) return saturated;
    const rest = size & ((1 << bits) - 1);
    return table[entry]! * (1 << bits) + rest * (table[entry + 1]! - table[entry]!);
  };
  return {
    logistic: (x) => {
      const result = interpolate(Math.abs(x * 3), 9, 0x7fff << 10);
      return (x >= 0 ? result + 512 : 33554432 - result + 511) >> 10;
    },
    tanh: (x, leftShift) => {
      const input = leftShift < 0 ? (x * 3 + (1 << (-leftShift - 1))) >> -leftShift : x * 3 * (1 << leftShift);
      const result = interpolate(Math.abs(input), 8, 0xffff << 8) - 8388608;
      return (input >= 0 ? result + 128 : -result + 127) >> 8;
    },
  };
}
