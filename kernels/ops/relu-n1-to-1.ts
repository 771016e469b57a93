import { Builtin } from '../tflite/builtin-operator.ts';
import type { OperatorKernel } from './operator.ts';
import { prepareRectifier } from './rectify.ts';

/** RELU_N1_TO_1: min(max(x, −1), 1); int8, float32. */
export const reluN1To1: OperatorKernel = {
  code: Builtin.reluN1To1,
  prepare: (context) => prepareRectifier(context, -1, 1),
};
