import { Builtin } from '../tflite/builtin-operator.ts';
import { tensorBytes } from '../tflite/tensor-type.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';

/** RESHAPE: the same values under another shape, which is the output tensor's; the operands only repeat it. */
export const reshape: OperatorKernel = { code: Builtin.reshape, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 2);
  const input = context.activation(0);
  const output = context.output();
  context.requireType(output, input.tensor.type);
  if (input.elements !== output.elements) {
    context.refuse(`turns [${input.tensor.shape}] into [${output.tensor.shape}], which has another number of values`);
  }
  const memory = context.engine.uint8;
  const bytes = tensorBytes(input.tensor.type, input.elements);
  return plainOperator(
    (addresses) => {
      const from = addresses.tensor(input.index);
      const to = addresses.tensor(output.index);
      if (from === to) return () => undefined;
      return () => void memory.copyWithin(to, from, from + bytes);
    },
    { aliases: true },
  );
}
