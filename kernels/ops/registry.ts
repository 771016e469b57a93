import { averagePool2d } from './average-pool-2d.ts';
import { concatenation } from './concatenation.ts';
import { conv2d } from './conv-2d.ts';
import { depthwiseConv2d } from './depthwise-conv-2d.ts';
import { dequantize } from './dequantize.ts';
import { expandDims } from './expand-dims.ts';
import { fullyConnected } from './fully-connected.ts';
import { logistic } from './logistic.ts';
import { maxPool2d } from './max-pool-2d.ts';
import { mean } from './mean.ts';
import { mirrorPad } from './mirror-pad.ts';
import type { OperatorKernel, OperatorRegistry } from './operator.ts';
import { pack } from './pack.ts';
import { pad } from './pad.ts';
import { padV2 } from './padv2.ts';
import { quantize } from './quantize.ts';
import { reshape } from './reshape.ts';
import { resizeNearestNeighbor } from './resize-nearest-neighbor.ts';
import { softmax } from './softmax.ts';
import { splitV } from './split-v.ts';
import { split } from './split.ts';
import { squeeze } from './squeeze.ts';
import { stridedSlice } from './strided-slice.ts';
import { transposeConv } from './transpose-conv.ts';
import { transpose } from './transpose.ts';
import { unpack } from './unpack.ts';

const kernels: readonly OperatorKernel[] = [
  averagePool2d,
  concatenation,
  conv2d,
  depthwiseConv2d,
  dequantize,
  expandDims,
  fullyConnected,
  logistic,
  maxPool2d,
  mean,
  mirrorPad,
  pack,
  pad,
  padV2,
  quantize,
  reshape,
  resizeNearestNeighbor,
  softmax,
  split,
  splitV,
  squeeze,
  stridedSlice,
  transpose,
  transposeConv,
  unpack,
];

/** Every operator the engine runs, by its code in the schema. A new operator is one file and one word here. */
export const allOperators: OperatorRegistry = new Map(kernels.map((kernel) => [kernel.code, kernel]));
