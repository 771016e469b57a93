import { batchMatmul } from './batch-matmul.ts';
import { dequantize } from './dequantize.ts';
import { fullyConnected } from './fully-connected.ts';
import { logistic } from './logistic.ts';
import type { OperatorRegistry } from './operator.ts';
import { quantize } from './quantize.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';
import { svdf } from './svdf.ts';
import { unidirectionalSequenceLstm } from './unidirectional-sequence-lstm.ts';

/** Every operator the engine runs, by its code in the schema. A new operator is one file and one word here. */
export const allOperators: OperatorRegistry = new Map(
  [
    batchMatmul, //
    dequantize,
    fullyConnected,
    logistic,
    quantize,
    reshape,
    softmax,
    svdf,
    unidirectionalSequenceLstm,
  ].map((kernel) => [kernel.code, kernel]),
);
