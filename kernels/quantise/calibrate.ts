import type { Range } from './affine.ts';
import { type DenseNetwork, denseForward } from './dense-network.ts';

/**
 * Runs a float network over inputs [rows x inFeatures] and returns the range of every layer's output over all of
 * them. Inputs are clipped to `inputRange` first, as the int8 input will be.
 */
export function calibrate(network: DenseNetwork, inputs: Float32Array, inputRange: Range): Range[] {
  const features = network.layers[0]!.inFeatures;
  const outputs = network.layers.map((layer) => new Float32Array(layer.outFeatures));
  const low = network.layers.map(() => 0);
  const high = network.layers.map(() => 0);
  const clipped = new Float32Array(features);
  for (let at = 0; at + features <= inputs.length; at += features) {
    for (let i = 0; i < features; i += 1) {
      clipped[i] = Math.min(inputRange.high, Math.max(inputRange.low, inputs[at + i]!));
    }
    let activations = clipped;
    network.layers.forEach((layer, l) => {
      const output = outputs[l]!;
      denseForward(layer, activations, output);
      for (const value of output) {
        if (value < low[l]!) low[l] = value;
        if (value > high[l]!) high[l] = value;
      }
      activations = output;
    });
  }
  return network.layers.map((_, l) => ({ low: low[l]!, high: high[l]! }));
}
