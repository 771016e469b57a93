import { add } from './add.ts';
import { averagePool2d } from './average-pool-2d.ts';
import { batchMatmul } from './batch-matmul.ts';
import { concatenation } from './concatenation.ts';
import { conv2d } from './conv-2d.ts';
import { depthwiseConv2d } from './depthwise-conv-2d.ts';
import { dequantize } from './dequantize.ts';
import { expandDims } from './expand-dims.ts';
import { fullyConnected } from './fully-connected.ts';
import { hardSwish } from './hard-swish.ts';
import { leakyRelu } from './leaky-relu.ts';
import { logistic } from './logistic.ts';
import { maxPool2d } from './max-pool-2d.ts';
import { maximum } from './maximum.ts';
import { mean } from './mean.ts';
import { minimum } from './minimum.ts';
import { mirrorPad } from './mirror-pad.ts';
import { mul } from './mul.ts';
import type { OperatorKernel, OperatorRegistry } from './operator.ts';
import { pack } from './pack.ts';
import { pad } from './pad.ts';
import { padV2 } from './padv2.ts';
import { prelu } from './prelu.ts';
import { quantize } from './quantize.ts';
import { relu } from './relu.ts';
import { reluN1To1 } from './relu-n1-to-1.ts';
import { relu6 } from './relu6.ts';
import { reshape } from './reshape.ts';
import { resizeNearestNeighbor } from './resize-nearest-neighbor.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { splitV } from './split-v.ts';
import { squeeze } from './squeeze.ts';
import { stridedSlice } from './strided-slice.ts';
import { sub } from './sub.ts';
import { svdf } from './svdf.ts';
import { tanh } from './tanh.ts';
import { transpose } from './transpose.ts';
import { transposeConv } from './transpose-conv.ts';
import { unidirectionalSequenceLstm } from './unidirectional-sequence-lstm.ts';
import { unpack } from './unpack.ts';

const kernels: readonly OperatorKernel[] = [
  add,
  averagePool2d,
  batchMatmul,
  concatenation,
  conv2d,
  depthwiseConv2d,
  dequantize,
  expandDims,
  fullyConnected,
  hardSwish,
  leakyRelu,
  logistic,
  maxPool2d,
  maximum,
  mean,
  minimum,
  mirrorPad,
  mul,
  pack,
  pad,
  padV2,
  prelu,
  quantize,
  relu,
  relu6,
  reluN1To1,
  reshape,
  resizeNearestNeighbor,
  softmax,
  split,
  splitV,
  squeeze,
  stridedSlice,
  sub,
  svdf,
  tanh,
  transpose,
  transposeConv,
  unidirectionalSequenceLstm,
  unpack,
];

/** Every operator the engine runs, by its code in the schema. A new operator is one file and one word here. */
export const allOperators: OperatorRegistry = new Map(kernels.map((kernel) => [kernel.code, kernel]));
