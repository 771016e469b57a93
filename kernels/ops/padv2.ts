import { Builtin } from '../tflite/builtin-operator.ts';
import { prepareBorder } from './border.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** PADV2: a constant value around the input, quantised as the output is. */
export const padV2: OperatorKernel = { code: Builtin.padv2, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(3, 3);
  const output = context.output();
  const value = context.input(2);
  if (value === null || value.constant === null) return context.refuse('pads with a value that is not constant');
  context.requireType(value, output.tensor.type);
  if (value.elements !== 1) context.refuse(`pads with ${value.elements} values`);
  requireEqualScale(context, value, output);
  return prepareBorder(context, output, value.constant);
}

/** Refuses a value of another scale, which would have to be requantised; TFLite fails at it when it runs. */
function requireEqualScale(context: PrepareContext, value: OperatorTensor, output: OperatorTensor): void {
  const [from, to] = [value.tensor.quantisation, output.tensor.quantisation];
  if (from === null || to === null) return;
  if (from.scale[0] !== to.scale[0] || from.zeroPoint[0] !== to.zeroPoint[0]) {
    context.refuse('pads with a value of another scale than the tensor: quantise both alike');
  }
}
