import { tensorBytes } from '../tflite/tensor-type.ts';
import { type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** An operator whose output holds the values of input 0 under another shape: in the same memory where it may. */
export function prepareSameValues(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
): PreparedOperator {
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
