import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel } from './operator.ts';
import { prepareRectifier } from './rectify.ts';

/** RELU6: min(max(x, 0), 6); int8, float32. */
export const relu6: OperatorKernel = { code: Builtin.relu6, prepare: (context) => prepareRectifier(context, 0, 6) };
