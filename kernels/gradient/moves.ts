import { type BoxDimension, boxOf, mergeBox, walkBox } from '../ops/box.ts';
import { readPaddings } from '../ops/paddings.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import { elementsIn, resolveAxis, rowMajorSteps } from '../ops/shapes.ts';
import type { GradientRule } from './rule.ts';

/** A box of slopes that goes from an output to input `input`, from element `offset` of the output on. */
interface SlopeMove {
  readonly input: number;
  readonly offset: number;
  /** `from` steps through the output, `to` through the input. */
  readonly box: readonly BoxDimension[];
}

/** RESHAPE, SQUEEZE, EXPAND_DIMS: the same slopes in the same order. */
export function sameValuesRule(context: PrepareContext): GradientRule | null {
  const { elements } = context.activation(0);
  return movesRule(context, [{ input: 0, offset: 0, box: [{ count: elements, from: 1, to: 1 }] }], 1);
}

/** DEQUANTIZE: the real values that the model hands out are those that the int8 ones stand for. */
export function dequantizeRule(context: PrepareContext): GradientRule | null {
  const input = context.activation(0);
  const move = { input: 0, offset: 0, box: [{ count: input.elements, from: 1, to: 1 }] };
  return context.isInt8(input) ? movesOf(context, [move], 1) : null;
}

/** PAD: the slopes inside of the border. */
export function padRule(context: PrepareContext): GradientRule | null {
  const [input, output] = [context.activation(0), context.output()];
  const { before } = readPaddings(context, input, output);
  const steps = rowMajorSteps(output.tensor.shape);
  const offset = before.reduce((sum, size, axis) => sum + size * steps[axis]!, 0);
  const { shape } = input.tensor;
  return movesRule(context, [{ input: 0, offset, box: boxOf(shape, steps, rowMajorSteps(shape)) }], 1);
}

/** CONCATENATION: each computed input gets its part. A fused activation, which no converter writes, ends the way. */
export function concatenationRule(context: PrepareContext): GradientRule | null {
  const output = context.output();
  if (context.option('fusedActivation') !== 0) return null;
  const steps = rowMajorSteps(output.tensor.shape);
  const axis = resolveAxis(context, context.option('axis'), output.tensor.shape.length);
  const moves: SlopeMove[] = [];
  let offset = 0;
  for (let position = 0; position < context.inputCount; position++) {
    const source = context.input(position)!;
    const { shape } = source.tensor;
    if (context.isComputed(source)) {
      moves.push({ input: position, offset, box: boxOf(shape, steps, rowMajorSteps(shape)) });
    }
    offset += shape[axis]! * steps[axis]!;
  }
  return movesRule(context, moves, 1);
}

/** MEAN: each input gets its share of the slope of the mean that it is in. */
export function meanRule(context: PrepareContext): GradientRule | null {
  const [input, output] = [context.activation(0), context.output()];
  const { shape } = input.tensor;
  const axes = new Set(context.integers(1).map((axis) => resolveAxis(context, axis, shape.length)));
  const kept = rowMajorSteps(shape.map((size, axis) => (axes.has(axis) ? 1 : size)));
  const from = kept.map((step, axis) => (axes.has(axis) ? 0 : step));
  const box = boxOf(shape, from, rowMajorSteps(shape));
  return movesRule(context, [{ input: 0, offset: 0, box }], elementsIn(output.tensor.shape) / input.elements);
}

/** Slopes move, times `factor`. What the output's number format clamps passes straight through, like rounding. */
function movesRule(context: PrepareContext, moves: readonly SlopeMove[], factor: number): GradientRule | null {
  const tensors = [...new Set(moves.map(({ input }) => context.activation(input))), context.output()];
  return context.isInt8(...tensors) ? movesOf(context, moves, factor) : null;
}

function movesOf(context: PrepareContext, moves: readonly SlopeMove[], factor: number): GradientRule {
  const { float32 } = context.engine;
  const share = Math.fround(factor);
  return {
    inputs: moves.map(({ input }) => input),
    scratchBytes: () => 0,
    lastingBytes: () => 0,
    bind: ({ output, inputs }) => {
      const walks = moves
        .filter(({ input }) => inputs[input]! >= 0)
        .map(({ input, offset, box }) => {
          const outer = mergeBox(box);
          const { count, from: g, to: dx } = outer.pop() ?? { count: 1, from: 1, to: 1 };
          const walk = walkBox(outer, (from, to) => {
            for (let i = 0; i < count; i++) float32[to + i * dx]! += Math.fround(float32[from + i * g]! * share);
          });
          return () => walk(output + offset, inputs[input]!);
        });
      return () => {
        for (let index = 0; index < walks.length; index++) walks[index]!();
      };
    },
  };
}
