import { Builtin } from '../tflite/builtin-operator.ts';
import { transposedGeometry } from './convolution-geometry.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { preparePlainTransposed } from './plain/convolution.ts';
import type { PrepareContext } from './prepare-context.ts';
import { weightTensor } from './weights.ts';
import { windowOptions } from './window-options.ts';

/**
 * TRANSPOSE_CONV: (output shape, filter [out, height, width, in], input, bias). The output's shape is the output
 * tensor's; the operand only repeats it, and may come from elsewhere.
 */
export const transposeConv: OperatorKernel = { code: Builtin.transposeConv, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(3, 4);
  const output = context.output().tensor.shape;
  if (context.input(0)?.constant && context.integers(0).join() !== output.join()) {
    context.refuse(`should have the output shape [${context.integers(0)}] and has [${output}]`);
  }
  const shapes = { input: context.activation(2).tensor.shape, filter: weightTensor(context).tensor.shape, output };
  const geometry = transposedGeometry(shapes, windowOptions(context), context.refuse.bind(context));
  return preparePlainTransposed(context, geometry);
}
