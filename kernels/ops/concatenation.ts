import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { activationRange } from './activation.ts';
import { boxOf } from './box.ts';
import { inTurn, type Move, prepareMoves } from './moves.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext, TensorQuantisation } from './prepare-context.ts';
import { elementsIn, requireShape, resolveAxis, rowMajorSteps } from './shapes.ts';

/**
 * CONCATENATION along any axis, constants among the inputs. TFLite itself refuses int8 inputs of another scale than the
 * output's and fused activations; here both are looked up, value by value, after the move.
 */
export const concatenation: OperatorKernel = { code: Builtin.concatenation, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(1, context.inputCount);
  const target = context.output();
  const { shape } = target.tensor;
  const axis = resolveAxis(context, context.option('axis'), shape.length);
  const steps = rowMajorSteps(shape);
  const moves: Move[] = [];
  let at = 0;
  for (let position = 0; position < context.inputCount; position++) {
    const source = context.operand(position);
    const size = source.tensor.shape[axis] ?? 0;
    const region = shape.with(axis, size);
    requireShape(context, source, region);
    const box = boxOf(region, rowMajorSteps(region), steps);
    moves.push({ source, target, box, fromOffset: 0, toOffset: at * steps[axis]! });
    at += size;
  }
  if (at !== shape[axis]) context.refuse(`joins ${at} elements to dimension ${axis} of [${shape}]`);
  const run = elementsIn(shape.slice(axis));
  const lookups = moves.flatMap((move) => {
    const table = lookupOf(context, move.source, target);
    const length = elementsIn(move.source.tensor.shape.slice(axis));
    return table === null ? [] : [{ table, rows: target.elements / run, run, length, offset: move.toOffset }];
  });
  const moving = prepareMoves(context, moves);
  if (lookups.length === 0) return moving;
  return plainOperator((addresses) => {
    const step = moving.bind(addresses);
    const memory = context.engine.int8;
    const to = addresses.tensor(target.index);
    return inTurn([() => step.eval(null, 0), ...lookups.map((lookup) => () => lookUp(memory, lookup, to))]);
  });
}

/** What becomes of each int8 value of an input; null when nothing does. */
function lookupOf(context: PrepareContext, input: OperatorTensor, output: OperatorTensor): Int8Array | null {
  const activation = context.option('fusedActivation');
  const equal = hasEqualScale(input, output);
  if (equal && activation === 0) return null;
  if (input.tensor.type !== TensorType.int8) {
    context.refuse('has a fused activation, or inputs of other scales than the output, and is not int8');
  }
  const from = context.quantisation(input);
  const to = context.quantisation(output);
  const [lowest, highest] = activationRange(context, to);
  return Int8Array.from({ length: 256 }, (_, index) => {
    const q = equal ? index - 128 : rescaled(index - 128, from, to);
    return Math.max(lowest, Math.min(highest, q));
  });
}

function hasEqualScale(input: OperatorTensor, output: OperatorTensor): boolean {
  const [from, to] = [input.tensor.quantisation, output.tensor.quantisation];
  if (from === null || to === null) return true;
  return from.scale[0] === to.scale[0] && from.zeroPoint[0] === to.zeroPoint[0];
}

/** round(q × s + b) + zeroPoint in float32, half away from zero (concatenation.h, `ConcatenationWithScaling`). */
function rescaled(q: number, from: TensorQuantisation, to: TensorQuantisation): number {
  const scale = Math.fround(from.scale * Math.fround(1 / to.scale));
  const bias = Math.fround(-from.zeroPoint * scale);
  const value = Math.fround(Math.fround(q * scale) + bias);
  return (value < 0 ? -Math.floor(0.5 - value) : Math.floor(0.5 + value)) + to.zeroPoint;
}

interface Lookup {
  readonly table: Int8Array;
  readonly rows: number;
  /** Elements of a row of the output, and how many of them from `offset` on came from this input. */
  readonly run: number;
  readonly length: number;
  readonly offset: number;
}

function lookUp(memory: Int8Array, { table, rows, run, length, offset }: Lookup, to: number): void {
  for (let row = 0; row < rows; row++) {
    const first = to + offset + row * run;
    for (let at = first; at < first + length; at++) memory[at] = table[memory[at]! + 128]!;
  }
}
