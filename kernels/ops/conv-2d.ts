import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { prepareCompiledConvolution } from './compiled/convolution.ts';
import { prepareCompiledDense } from './compiled/dense.ts';
import { prepareWinograd, suitsWinograd } from './compiled/winograd.ts';
import { type ConvolutionGeometry, convolutionGeometry } from './convolution-geometry.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { preparePlainAdaptable } from './plain/adaptable.ts';
import { preparePlainConvolution } from './plain/convolution.ts';
import type { PrepareContext } from './prepare-context.ts';
import { int8Weights, isInt8Layer, weightScales, weightTensor } from './weights.ts';
import { windowOptions } from './window-options.ts';

/** CONV_2D over [batch, height, width, channels] with a filter [out, height, width, in]. */
export const conv2d: OperatorKernel = { code: Builtin.conv2d, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 3);
  const input = context.activation(0);
  const output = context.output();
  const weights = weightTensor(context);
  const shapes = { input: input.tensor.shape, filter: weights.tensor.shape, output: output.tensor.shape };
  const geometry = convolutionGeometry(shapes, windowOptions(context), context.refuse.bind(context));
  const isOrdinary = isInt8Layer(context, input, weights) && geometry.groups === 1;
  if (!isOrdinary) return preparePlainConvolution(context, geometry);
  context.requireType(output, TensorType.int8);
  const weightScale = weightScales(context, weights, geometry.outputChannels);
  const layer = { geometry, input, output, weights: int8Weights(weights), weightScale, flat: false };
  if (!context.isCompiled) return preparePlainAdaptable(context, layer);
  if (isOneProduct(geometry)) return prepareCompiledDense(context, layer);
  if (suitsWinograd(context, layer)) return prepareWinograd(context, layer);
  return prepareCompiledConvolution(context, layer);
}

/** One pixel and a 1×1 filter. */
function isOneProduct({ batch, inputHeight, inputWidth, filterHeight, filterWidth }: ConvolutionGeometry): boolean {
  return batch * inputHeight * inputWidth * filterHeight * filterWidth === 1;
}
