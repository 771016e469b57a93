import type { Tensor } from './model.ts';

/** Product of a shape; every dimension was checked to be ≥ 1 and the product to be within the limits. */
export function elementsOf(tensor: Tensor): number {
  let elements = 1;
  for (const dimension of tensor.shape) elements *= dimension;
  return elements;
}
