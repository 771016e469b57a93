import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { prepareCompiledConvolution } from './compiled/convolution.ts';
import { prepareCompiledDepthwise } from './compiled/depthwise.ts';
import { depthwiseGeometry } from './convolution-geometry.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { preparePlainDepthwise } from './plain/convolution.ts';
import type { PrepareContext } from './prepare-context.ts';
import { int8Weights, weightScales, weightTensor } from './weights.ts';
import { windowOptions } from './window-options.ts';

/** DEPTHWISE_CONV_2D over [batch, height, width, channels] with a filter [1, height, width, channels × multiplier]. */
export const depthwiseConv2d: OperatorKernel = { code: Builtin.depthwiseConv2d, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 3);
  const input = context.activation(0);
  const output = context.output();
  const weights = weightTensor(context);
  const shapes = { input: input.tensor.shape, filter: weights.tensor.shape, output: output.tensor.shape };
  const geometry = depthwiseGeometry(shapes, windowOptions(context), context.refuse.bind(context));
  // Without a bias TFLite does not use XNNPACK; the plain path rounds as it does then.
  const isCompiled = context.isCompiled && context.isInt8(input, weights) && context.input(2) !== null;
  if (!isCompiled) return preparePlainDepthwise(context, geometry);
  context.requireType(output, TensorType.int8);
  const weightScale = weightScales(context, weights, geometry.outputChannels, 3);
  const layer = { geometry, input, output, weights: int8Weights(weights), weightScale, flat: false };
  if (geometry.inputChannels > 1) return prepareCompiledDepthwise(context, layer);
  // Every output channel reads the only input channel: an ordinary convolution, once the filter lies by channel.
  const weightsByChannel = byChannel(layer.weights, geometry.outputChannels);
  return prepareCompiledConvolution(context, { ...layer, weights: weightsByChannel, frozen: true });
}

/** [taps × channels] to [channels × taps]. */
function byChannel(weights: Int8Array, channels: number): Int8Array {
  const taps = weights.length / channels;
  return Int8Array.from(weights, (_, index) => weights[(index % taps) * channels + Math.floor(index / taps)]!);
}
