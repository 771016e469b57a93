import { roundHalfEven } from '../math/round-half-even.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { prepareLookup } from './lookup.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext, TensorQuantisation } from './prepare-context.ts';

/** QUANTIZE: float32 or int8 of another scale to int8. */
export const quantize: OperatorKernel = { code: Builtin.quantize, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  context.requireType(output, TensorType.int8);
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  const to = context.quantisation(output);
  if (input.tensor.type === TensorType.float32) return fromFloat(context, input, output, to);
  context.requireType(input, TensorType.int8);
  const from = context.quantisation(input);
  const ratio = Math.fround(from.scale / to.scale);
  if (!(ratio >= 1 / 256 && ratio <= 128)) context.refuse(`changes the scale by a factor of ${ratio}`);
  const multiplier = roundHalfEven(256 * ratio);
  return prepareLookup(context.engine, input, output, (q) => requantised(q, multiplier, from, to));
}

/** rne(x × (1 / scale)) + zeroPoint in float32, as XNNPACK's f32-qs8-vcvt; NaN becomes the zero point. */
function fromFloat(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  { scale, zeroPoint }: TensorQuantisation,
): PreparedOperator {
  const inverse = Math.fround(1 / scale);
  const { int8, float32 } = context.engine;
  return {
    multiplyAdds: 0,
    adaptable: false,
    bind(addresses) {
      const from = addresses.tensor(input.index) / 4;
      const to = addresses.tensor(output.index);
      return {
        adapterPoint: null,
        eval() {
          for (let i = 0; i < input.elements; i++) {
            const scaled = Math.fround(float32[from + i]! * inverse);
            const clamped = Math.max(-128 - zeroPoint, Math.min(127 - zeroPoint, scaled));
            int8[to + i] = Number.isNaN(scaled) ? zeroPoint : roundHalfEven(clamped) + zeroPoint;
          }
        },
      };
    },
  };
}

/**
 * XNNPACK's qs8-vcvt: the ratio of scales as an integer in 1/256 (rne), products rounded half up. Coarser than float,
 * but it is what runs elsewhere, bit for bit, for every ratio that it accepts (2^-8 to 2^7).
 */
function requantised(q: number, multiplier: number, from: TensorQuantisation, to: TensorQuantisation): number {
  const value = (((q - from.zeroPoint) * multiplier + 0x80) >> 8) + to.zeroPoint;
  return Math.max(-128, Math.min(127, value));
}
