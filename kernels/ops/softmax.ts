import { exp } from '../math/exp.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType, tensorTypeName } from '../tflite/tensor-type.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import {
  FIXED_POINT_CLASSES_MAX,
  fixedPointExponentials,
  softmaxFixedPoint,
  softmaxParameters,
} from './softmax-fixed-point.ts';
import { softmaxInt16, softmaxInt16Row } from './softmax-int16.ts';
import { floatExponentials, softmaxByTable } from './softmax-table.ts';
import { symmetricQuantisation } from './symmetric.ts';

/** Output quantisation that the TFLite int8 specification fixes for SOFTMAX and LOGISTIC. */
export const PROBABILITY_SCALE = 1 / 256;
export const PROBABILITY_ZERO_POINT = -128;

/** SOFTMAX over the last dimension: int8 to int8 or int16, int16, float32. */
export const softmax: OperatorKernel = { code: Builtin.softmax, prepare };

const INT16_CLASSES_MAX = 65535;

interface Ends {
  readonly input: OperatorTensor;
  readonly output: OperatorTensor;
  readonly beta: number;
  readonly classes: number;
}

/** Computes one row from the element `from` of the input to the element `to` of the output. */
type Row = (from: number, to: number) => void;

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  const beta = context.option('beta');
  if (!Number.isFinite(beta) || beta <= 0) context.refuse(`has beta ${beta}`);
  const ends: Ends = { input, output, beta, classes: input.tensor.shape.at(-1) ?? 1 };
  switch (input.tensor.type) {
    case TensorType.int8:
      return fromInt8(context, ends);
    case TensorType.int16:
      context.requireType(output, TensorType.int16);
      return rows(ends, 2, 2, int16Row(context, ends));
    case TensorType.float32:
      context.requireType(output, TensorType.float32);
      return rows(ends, 4, 4, floatRow(context.engine.float32, ends));
    default:
      return context.refuse(`has ${tensorTypeName(input.tensor.type)} values, it takes int8, int16 or float32`);
  }
}

function rows({ input, output, classes }: Ends, inputBytes: number, outputBytes: number, row: Row): PreparedOperator {
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) / inputBytes;
    const to = addresses.tensor(output.index) / outputBytes;
    return () => {
      for (let at = 0; at < input.elements; at += classes) row(from + at, to + at);
    };
  });
}

function fromInt8(context: PrepareContext, ends: Ends): PreparedOperator {
  const { input, output, beta, classes } = ends;
  const { int8, int16 } = context.engine;
  const wide = output.tensor.type === TensorType.int16;
  if (!wide) context.requireType(output, TensorType.int8);
  requireProbability(context, output, wide ? 16 : 8);
  const { scale } = context.quantisation(input);
  const target = wide ? int16 : int8;
  if (context.numerics === 'reference') {
    const table = fixedPointExponentials(
      softmaxParameters(scale, beta) ?? context.refuse(`has the input scale ${scale}, too small for beta ${beta}`),
    );
    if (classes > FIXED_POINT_CLASSES_MAX) context.refuse(`has ${classes} classes, ${FIXED_POINT_CLASSES_MAX} fit`);
    return rows(ends, 1, wide ? 2 : 1, (from, to) => softmaxFixedPoint(int8, from, target, to, classes, table));
  }
  const table = floatExponentials(scale, beta);
  return rows(ends, 1, wide ? 2 : 1, (from, to) => softmaxByTable(int8, from, target, to, classes, table));
}

/** Probabilities in 1/2^bits, stored less half of that. */
function requireProbability(context: PrepareContext, output: OperatorTensor, bits: 8 | 16): void {
  const { scale, zeroPoint } = context.quantisation(output);
  const [steps, lowest] = bits === 8 ? [256, -128] : [65536, -32768];
  if (scale !== 1 / steps || zeroPoint !== lowest) {
    context.refuse(`has the output scale ${scale} and zero point ${zeroPoint} instead of 1/${steps} and ${lowest}`);
  }
}

function int16Row(context: PrepareContext, { input, output, beta, classes }: Ends): Row {
  const { scale } = symmetricQuantisation(context, input);
  const target = symmetricQuantisation(context, output);
  if (target.scale !== 1 / 32768) context.refuse(`has the output scale ${target.scale} instead of 1/32768`);
  if (classes > INT16_CLASSES_MAX) context.refuse(`has ${classes} classes, ${INT16_CLASSES_MAX} fit`);
  const tables =
    softmaxInt16(scale, beta) ?? context.refuse(`has the input scale ${scale}, too large for beta ${beta}`);
  const memory = context.engine.int16;
  return (from, to) => softmaxInt16Row(memory, from, to, classes, tables);
}

function floatRow(memory: Float32Array, { beta, classes }: Ends): Row {
  return (from, to) => {
    let highest = -Infinity;
    for (let i = 0; i < classes; i++) highest = Math.max(highest, memory[from + i]!);
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      const distance = Math.fround(Math.fround(memory[from + i]! - highest) * beta);
      const exponential = Math.fround(exp(distance));
      memory[to + i] = exponential;
      sum = Math.fround(sum + exponential);
    }
    for (let i = 0; i < classes; i++) memory[to + i] = memory[to + i]! / sum;
  };
}
