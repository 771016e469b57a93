import { add } from './add.ts';
import { dequantize } from './dequantize.ts';
import { fullyConnected } from './fully-connected.ts';
import { hardSwish } from './hard-swish.ts';
import { leakyRelu } from './leaky-relu.ts';
import { logistic } from './logistic.ts';
import { maximum } from './maximum.ts';
import { minimum } from './minimum.ts';
import { mul } from './mul.ts';
import type { OperatorKernel, OperatorRegistry } from './operator.ts';
import { prelu } from './prelu.ts';
import { quantize } from './quantize.ts';
import { relu } from './relu.ts';
import { reluN1To1 } from './relu-n1-to-1.ts';
import { relu6 } from './relu6.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';
import { sub } from './sub.ts';
import { tanh } from './tanh.ts';

// biome-ignore format: one operator a line, so that additions meet without a conflict.
const kernels: readonly OperatorKernel[] = [
  add,
  dequantize,
  fullyConnected,
  hardSwish,
  leakyRelu,
  logistic,
  maximum,
  minimum,
  mul,
  prelu,
  quantize,
  relu,
  relu6,
  reluN1To1,
  reshape,
  softmax,
  sub,
  tanh,
];

/** Every operator the engine runs, by its code in the schema. A new operator is one file and one word here. */
export const allOperators: OperatorRegistry = new Map(kernels.map((kernel) => [kernel.code, kernel]));
