import { Builtin } from '../tflite/builtin-operator.ts';
import { depthwiseGeometry } from './convolution-geometry.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { preparePlainDepthwise } from './plain/convolution.ts';
import type { PrepareContext } from './prepare-context.ts';
import { weightTensor } from './weights.ts';
import { windowOptions } from './window-options.ts';

/** DEPTHWISE_CONV_2D over [batch, height, width, channels] with a filter [1, height, width, channels × multiplier]. */
export const depthwiseConv2d: OperatorKernel = { code: Builtin.depthwiseConv2d, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 3);
  const shapes = {
    input: context.activation(0).tensor.shape,
    filter: weightTensor(context).tensor.shape,
    output: context.output().tensor.shape,
  };
  const geometry = depthwiseGeometry(shapes, windowOptions(context), context.refuse.bind(context));
  return preparePlainDepthwise(context, geometry);
}
