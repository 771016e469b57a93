import type { Range } from './affine.ts';
import { FloatForward } from './forward.ts';
import { type Network, sizeOf } from './network.ts';

/**
 * Runs a float network over inputs [rows x its input's size] and returns the range of every layer's output over all of
 * them. Inputs are clipped to `inputRange` first, as the int8 input will be.
 */
export function calibrate(network: Network, inputs: Float32Array, inputRange: Range): Range[] {
  const size = sizeOf(network.input);
  const forward = new FloatForward(network);
  const low = forward.outputs.map(() => 0);
  const high = forward.outputs.map(() => 0);
  const clipped = new Float32Array(size);
  for (let at = 0; at + size <= inputs.length; at += size) {
    for (let i = 0; i < size; i += 1) {
      clipped[i] = Math.min(inputRange.high, Math.max(inputRange.low, inputs[at + i]!));
    }
    forward.run(clipped);
    forward.outputs.forEach((output, l) => {
      for (const value of output) {
        if (value < low[l]!) low[l] = value;
        if (value > high[l]!) high[l] = value;
      }
    });
  }
  return low.map((value, l) => ({ low: value, high: high[l]! }));
}
