import { averagePool2d } from './average-pool-2d.ts';
import { concatenation } from './concatenation.ts';
import { dequantize } from './dequantize.ts';
import { expandDims } from './expand-dims.ts';
import { fullyConnected } from './fully-connected.ts';
import { logistic } from './logistic.ts';
import { maxPool2d } from './max-pool-2d.ts';
import { mean } from './mean.ts';
import { mirrorPad } from './mirror-pad.ts';
import type { OperatorRegistry } from './operator.ts';
import { pack } from './pack.ts';
import { pad } from './pad.ts';
import { padV2 } from './padv2.ts';
import { quantize } from './quantize.ts';
import { reshape } from './reshape.ts';
import { resizeNearestNeighbor } from './resize-nearest-neighbor.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { splitV } from './split-v.ts';
import { squeeze } from './squeeze.ts';
import { stridedSlice } from './strided-slice.ts';
import { transpose } from './transpose.ts';
import { unpack } from './unpack.ts';

/** Every operator the engine runs, by its code in the schema. A new operator is one file and one line here. */
export const allOperators: OperatorRegistry = new Map(
  [
    averagePool2d,
    concatenation,
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
    unpack,
  ].map((kernel) => [kernel.code, kernel]),
);
