import type { PrepareContext } from '../ops/prepare-context.ts';
import { ClampMask, clampRangeOf } from './clamp-mask.ts';
import type { GradientRule } from './rule.ts';

/** ADD: both operands get the slopes, as far as they have the output's shape; one that is repeated ends the way. */
export function addRule(context: PrepareContext): GradientRule | null {
  const { engine } = context;
  const output = context.output();
  if (!context.isInt8(output)) return null;
  const shape = `${output.tensor.shape}`;
  const inputs = [0, 1].filter((position) => {
    const operand = context.input(position);
    return operand !== null && context.isComputed(operand) && `${operand.tensor.shape}` === shape;
  });
  const range = clampRangeOf(context);
  return {
    inputs,
    scratchBytes: () => 0,
    lastingBytes: () => 0,
    bind: (places) => {
      const mask = new ClampMask(places.stored(output.index), range);
      const targets = inputs.map((position) => places.inputs[position]!).filter((target) => target >= 0);
      return () => {
        const { float32 } = engine;
        mask.apply(float32, places.output);
        for (let t = 0; t < targets.length; t++) {
          const to = targets[t]!;
          for (let i = 0; i < output.elements; i++) float32[to + i]! += float32[places.output + i]!;
        }
      };
    },
  };
}
