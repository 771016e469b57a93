import { depthwiseGeometry } from '../ops/convolution-geometry.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import { int8Weights, weightScales, weightTensor } from '../ops/weights.ts';
import { windowOptions } from '../ops/window-options.ts';
import { GEOMETRY_BYTES } from '../wasm/assembly/records.ts';
import { ClampMask, clampRangeOf } from './clamp-mask.ts';
import { gradientKernels, writeGeometry } from './kernels.ts';
import type { GradientRule } from './rule.ts';
import { scaleChannels } from './scale-channels.ts';

/** DEPTHWISE_CONV_2D: each input gets the slopes of the outputs that its taps reach, times their weights. */
export function depthwiseRule(context: PrepareContext): GradientRule | null {
  const [input, output, weights] = [context.activation(0), context.output(), weightTensor(context)];
  if (!context.isInt8(input, output, weights)) return null;
  const shapes = { input: input.tensor.shape, filter: weights.tensor.shape, output: output.tensor.shape };
  const geometry = depthwiseGeometry(shapes, windowOptions(context), context.refuse.bind(context));
  const { outputChannels } = geometry;
  const scale = weightScales(context, weights, outputChannels, 3);
  const range = clampRangeOf(context);
  const { engine } = context;
  return {
    inputs: [0],
    scratchBytes: () => 0,
    lastingBytes: ({ passesOn }) => (passesOn ? GEOMETRY_BYTES + weights.elements : 0),
    bind: (places) => {
      const mask = new ClampMask(places.stored(output.index), range);
      const words = places.lasting(GEOMETRY_BYTES);
      const copied = places.lasting(weights.elements);
      writeGeometry(engine, words, geometry);
      engine.int8.set(int8Weights(weights), copied);
      const kernels = gradientKernels(engine);
      const [g, dx] = [4 * places.output, 4 * places.inputs[0]!];
      const rows = output.elements / outputChannels;
      return () => {
        mask.apply(engine.float32, places.output);
        scaleChannels(engine.float32, places.output, rows, outputChannels, scale);
        kernels.depthwiseGradient(words, g, copied, dx);
      };
    },
  };
}
