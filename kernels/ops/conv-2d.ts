import { Builtin } from '../tflite/builtin-operator.ts';
import { convolutionGeometry } from './convolution-geometry.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { preparePlainConvolution } from './plain/convolution.ts';
import type { PrepareContext } from './prepare-context.ts';
import { weightTensor } from './weights.ts';
import { windowOptions } from './window-options.ts';

/** CONV_2D over [batch, height, width, channels] with a filter [out, height, width, in]. */
export const conv2d: OperatorKernel = { code: Builtin.conv2d, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 3);
  const shapes = {
    input: context.activation(0).tensor.shape,
    filter: weightTensor(context).tensor.shape,
    output: context.output().tensor.shape,
  };
  const geometry = convolutionGeometry(shapes, windowOptions(context), context.refuse.bind(context));
  return preparePlainConvolution(context, geometry);
}
