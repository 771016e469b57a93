import { elementBytes } from './element-bytes.ts';
import { type PlainOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { bindCopy, type StridedCopy } from './strided-copy.ts';

/** A box that moves from one tensor to another of the same type. */
export interface Move extends StridedCopy {
  readonly source: OperatorTensor;
  readonly target: OperatorTensor;
}

/** An operator that does nothing but move elements, one box after the other. */
export function prepareMoves(context: PrepareContext, moves: readonly Move[]): PlainOperator {
  const sized = moves.map((move) => {
    context.requireType(move.target, move.source.tensor.type);
    return { move, bytes: elementBytes(context, move.source) };
  });
  return plainOperator((addresses) =>
    inTurn(
      sized.map(({ move, bytes }) => {
        const { source, target } = move;
        return bindCopy(context.engine, move, bytes, addresses.tensor(source.index), addresses.tensor(target.index));
      }),
    ),
  );
}

/** One function that calls all of `steps`. */
export function inTurn(steps: readonly (() => void)[]): () => void {
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return only;
  return () => {
    for (let index = 0; index < steps.length; index++) steps[index]!();
  };
}
