import { Builtin } from '../tflite/builtin-operator.ts';
import { prepareAdditive } from './additive.ts';
import type { OperatorKernel } from './operator.ts';

/** SUB: y = a − b with NumPy's broadcasting and a fused clamp; int8, int16, float32. */
export const sub: OperatorKernel = { code: Builtin.sub, prepare: (context) => prepareAdditive(context, -1) };
