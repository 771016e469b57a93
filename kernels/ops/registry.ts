import { conv2d } from './conv-2d.ts';
import { depthwiseConv2d } from './depthwise-conv-2d.ts';
import { dequantize } from './dequantize.ts';
import { fullyConnected } from './fully-connected.ts';
import { logistic } from './logistic.ts';
import type { OperatorKernel, OperatorRegistry } from './operator.ts';
import { quantize } from './quantize.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';
import { transposeConv } from './transpose-conv.ts';

const kernels: readonly OperatorKernel[] = [
  conv2d,
  depthwiseConv2d,
  dequantize,
  fullyConnected,
  logistic,
  quantize,
  reshape,
  softmax,
  transposeConv,
];

/** Every operator the engine runs, by its code in the schema. A new operator is one file and one word here. */
export const allOperators: OperatorRegistry = new Map(kernels.map((kernel) => [kernel.code, kernel]));
