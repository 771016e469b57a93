import { TensorType } from '../tflite/tensor-type.ts';
import { activationBounds } from './activation.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/**
 * Range that a fused activation leaves in TFLite's own kernels (kernel_util.cc, `CalculateActivationRangeQuantized`):
 * zeroPoint + bound / scale, the quotient rounded half away from zero on its own, while XNNPACK rounds the sum half to
 * even. int8, int16, or float32, whose bounds are the real ones.
 */
export function builtinActivationRange(context: PrepareContext, output: OperatorTensor): readonly [number, number] {
  const [lower, upper] = activationBounds(context);
  const { type } = output.tensor;
  if (type === TensorType.float32) return [lower, upper];
  const { scale, zeroPoint } = context.quantisation(output);
  const [lowest, highest] = type === TensorType.int16 ? [-32768, 32767] : [-128, 127];
  const quantised = (bound: number): number => {
    const quotient = Math.fround(bound / scale);
    const rounded = quotient < 0 ? -Math.floor(0.5 - quotient) : Math.floor(0.5 + quotient);
    return Math.max(lowest, Math.min(highest, zeroPoint + rounded));
  };
  return [quantised(lower), quantised(upper)];
}
