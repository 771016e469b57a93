import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';

/** DEQUANTIZE: int8 to float32, scale × (q − zeroPoint), rounded once. */
export const dequantize: OperatorKernel = { code: Builtin.dequantize, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  context.requireType(input, TensorType.int8);
  context.requireType(output, TensorType.float32);
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  const { scale, zeroPoint } = context.quantisation(input);
  const { int8, float32 } = context.engine;
  return {
    multiplyAdds: 0,
    adaptable: false,
    bind(addresses) {
      const from = addresses.tensor(input.index);
      const to = addresses.tensor(output.index) / 4;
      return {
        adapterPoint: null,
        eval() {
          for (let i = 0; i < input.elements; i++) float32[to + i] = scale * (int8[from + i]! - zeroPoint);
        },
      };
    },
  };
}
