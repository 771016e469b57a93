import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel } from './operator.ts';
import { prepareRectifier } from './rectify.ts';

/** RELU: max(x, 0); int8, float32. */
export const relu: OperatorKernel = {
  code: Builtin.relu,
  prepare: (context) => prepareRectifier(context, 0, Infinity),
};
