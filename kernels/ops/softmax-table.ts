import { exp } from '../math/exp.ts';

/** table[255 − d] = e^(−d × scale × beta) for a distance d below the maximum, in float32 steps. */
export function floatExponentials(inputScale: number, beta: number): Float32Array {
  const factor = -Math.fround(inputScale * Math.fround(beta));
  return Float32Array.from({ length: 256 }, (_, index) => exp(Math.fround(factor * (255 - index))));
}

/**
 * One row of int8 logits in the float32 table form of TFLite's optimised kernel (optimized_ops.h, `Softmax<In, Out>`):
 * every float32 step rounds once, in its order. Probabilities have 8 or 16 bits, less half of their range.
 *
 * @param output int8 or int16
 */
export function softmaxByTable(
  input: Int8Array,
  from: number,
  output: Int8Array | Int16Array,
  to: number,
  classes: number,
  table: Float32Array,
): void {
  const half = output.BYTES_PER_ELEMENT === 1 ? 128 : 32768;
  const unit = 1 / (2 * half);
  let highest = -128;
  for (let i = 0; i < classes; i++) highest = Math.max(highest, input[from + i]!);
  const origin = 255 - highest;
  let sum = 0;
  for (let i = 0; i < classes; i++) sum = Math.fround(sum + table[origin + input[from + i]!]!);
  const inverse = Math.fround(1 / Math.fround(sum * unit));
  for (let i = 0; i < classes; i++) {
    const rescaled = Math.fround(table[origin + input[from + i]!]! * inverse);
    // Half away from zero like std::round; the value is not negative.
    output[to + i] = Math.min(half - 1, Math.floor(rescaled + 0.5) - half);
  }
}
