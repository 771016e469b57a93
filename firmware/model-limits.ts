import type { BoardProfile } from '../boards/schema.ts';
import { defaultModelLimits, type ModelLimits } from '../kernels/limits.ts';

/** What a model may take on a board. */
export const modelLimitsOf = ({
  modelBytesMax,
  arenaBytesMax,
  learningArenaBytesMax,
  learningStateBytesMax,
  multiplyAddsMax,
  weightPacking,
}: BoardProfile): ModelLimits => ({
  ...defaultModelLimits,
  modelBytesMax,
  arenaBytesMax,
  learningArenaBytesMax,
  learningStateBytesMax,
  multiplyAddsMax,
  packing: weightPacking,
});
