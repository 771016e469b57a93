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

const ENTRIES = 256;
const STEPS_PER_UNIT = 24;

/**
 * Entry k: logistic(k / 24) in Q0.16, raised by half of what a chord lies below the curve there, so that the straight
 * lines between entries err to both sides. The last one is the end of the range.
 */
function entryOf(k: number): number {
  if (k === ENTRIES - 1) return 65535;
  const y = 1 / (1 + exp(-k / STEPS_PER_UNIT));
  // A chord over a step h is h² f'' / 8 off at most, and logistic'' = y (1 − y)(1 − 2y).
  const raised = (y * (1 - y) * (2 * y - 1)) / (16 * STEPS_PER_UNIT * STEPS_PER_UNIT);
  return Math.floor(65536 * (y + raised) + 0.5);
}

/** All entries, CMSIS-NN's `sigmoid_table_uint16`. */
export function sigmoidEntries(): Uint16Array {
  return Uint16Array.from({ length: ENTRIES }, (_, k) => entryOf(k));
}

export function createSigmoidTable(): SigmoidTable {
  const table = sigmoidEntries();
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
