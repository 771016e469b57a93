import { tensorBytes, tensorTypeName } from '../tflite/tensor-type.ts';
import { type BinaryRow, type Broadcast, planBroadcast, walkBroadcast } from './broadcast.ts';
import { type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Two operands of one type, computed or constant, that meet in an output of the same type. */
export interface BinaryOperands {
  readonly a: OperatorTensor;
  readonly b: OperatorTensor;
  readonly output: OperatorTensor;
  /** Element type of all three. */
  readonly type: number;
  readonly broadcast: Broadcast;
}

/** Checks arity, types and shapes of an operator with two operands. */
export function binaryOperands(context: PrepareContext): BinaryOperands {
  context.requireArity(2, 2);
  const a = context.operand(0);
  const b = context.operand(1);
  const output = context.output();
  const { type } = a.tensor;
  context.requireType(b, type);
  context.requireType(output, type);
  return { a, b, output, type, broadcast: planBroadcast(context, a, b, output) };
}

/** An operator that computes `row` wherever its operands meet. */
export function binaryOperator({ a, b, output, type, broadcast }: BinaryOperands, row: BinaryRow): PreparedOperator {
  const bytes = tensorBytes(type, 1);
  return plainOperator((addresses) => {
    const [aAt, bAt, outAt] = [a, b, output].map(({ index }) => addresses.tensor(index) / bytes);
    return walkBroadcast(broadcast, aAt!, bAt!, outAt!, row);
  });
}

/** Refuses a type that an operator has no arithmetic for. */
export function refuseType(context: PrepareContext, type: number, taken: string): never {
  return context.refuse(`has ${tensorTypeName(type)} values, it takes ${taken}: export the model as one of these`);
}
