import { roundHalfEven } from '../math/round-half-even.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType, zeroPointRange } from '../tflite/tensor-type.ts';
import { multiplyByQuantisedMultiplier, type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';
import { requireRatio } from './requantise.ts';
import { type FloatRow, prepareUnary } from './unary.ts';

/** LEAKY_RELU: x where x ≥ 0, alpha · x below; int8, int16, float32. */
export const leakyRelu: OperatorKernel = { code: Builtin.leakyRelu, prepare };

/** Ratios that XNNPACK's qs8-vlrelu takes, for x ≥ 0 and, in size, for x < 0; others run in TFLite's own kernel. */
const NATIVE_RATIO_MIN = 1 / 256;
const NATIVE_RATIO_MAX = 128;
const NATIVE_NEGATIVE_MIN = -127.99609375;

const INT8_RANGE = zeroPointRange(TensorType.int8);
const INT16_RANGE = zeroPointRange(TensorType.int16);

function prepare(context: PrepareContext): PreparedOperator {
  const alpha = context.option('alpha');
  if (!Number.isFinite(alpha)) context.refuse(`has alpha ${alpha}`);
  const reference = (range: readonly [number, number]) => (from: TensorQuantisation, to: TensorQuantisation) =>
    referenceForm(context, alpha, from, to, range);
  const float32: FloatRow = (memory, from, to, count) => {
    for (let i = 0; i < count; i++) {
      const x = memory[from + i]!;
      memory[to + i] = x < 0 ? x * alpha : x;
    }
  };
  return prepareUnary(context, {
    int8: (from, to) =>
      (context.numerics === 'reference' ? null : nativeForm(alpha, from, to)) ?? reference(INT8_RANGE)(from, to),
    int16: reference(INT16_RANGE),
    float32,
  });
}

/** XNNPACK's qs8-vlrelu: both factors as integers in 1/256 (rne), products rounded half up; null outside its range. */
function nativeForm(alpha: number, from: TensorQuantisation, to: TensorQuantisation): ((q: number) => number) | null {
  const ratio = Math.fround(from.scale / to.scale);
  const negative = Math.fround(ratio * alpha);
  if (!(ratio >= NATIVE_RATIO_MIN && ratio <= NATIVE_RATIO_MAX)) return null;
  if (!(negative >= NATIVE_NEGATIVE_MIN && negative <= NATIVE_RATIO_MAX)) return null;
  if (Math.abs(negative) < NATIVE_RATIO_MIN) return null;
  const [above, below] = [roundHalfEven(256 * ratio), roundHalfEven(256 * negative)];
  return (q) => {
    const x = q - from.zeroPoint;
    return clamp(((x * (x < 0 ? below : above) + 0x80) >> 8) + to.zeroPoint, INT8_RANGE);
  };
}

/** TFLite's own kernel (kernels/internal/reference/leaky_relu.h); the factors in float32 steps as its `Prepare`. */
function referenceForm(
  context: PrepareContext,
  alpha: number,
  from: TensorQuantisation,
  to: TensorQuantisation,
  range: readonly [number, number],
): (q: number) => number {
  const above = quantiseMultiplier(requireRatio(context, Math.fround(from.scale / to.scale)));
  const below = signedMultiplier(context, Math.fround(Math.fround(from.scale * alpha) / to.scale));
  return (q) => {
    const x = q - from.zeroPoint;
    return clamp(multiplyByQuantisedMultiplier(x, x < 0 ? below : above) + to.zeroPoint, range);
  };
}

function signedMultiplier(context: PrepareContext, factor: number): QuantisedMultiplier {
  const { multiplier, shift } = quantiseMultiplier(requireRatio(context, Math.abs(factor)));
  return { multiplier: factor < 0 ? -multiplier : multiplier, shift };
}

function clamp(value: number, [lowest, highest]: readonly [number, number]): number {
  return Math.max(lowest, Math.min(highest, value));
}
