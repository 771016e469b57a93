/** One dimension of a box: how many elements, and how far neighbours lie apart on either side. */
export interface BoxDimension {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Dimensions of `shape` with the steps of both sides. */
export function boxOf(shape: readonly number[], from: readonly number[], to: readonly number[]): BoxDimension[] {
  return shape.map((count, axis) => ({ count, from: from[axis]!, to: to[axis]! }));
}

/** The same box in as few dimensions as possible: those of one element go, those that continue each other merge. */
export function mergeBox(box: readonly BoxDimension[]): BoxDimension[] {
  const merged: BoxDimension[] = [];
  for (const inner of box) {
    if (inner.count === 1) continue;
    const outer = merged.at(-1);
    if (outer !== undefined && outer.from === inner.count * inner.from && outer.to === inner.count * inner.to) {
      merged[merged.length - 1] = { ...inner, count: outer.count * inner.count };
    } else {
      merged.push(inner);
    }
  }
  return merged;
}

/** Calls `visit` with the places of every element of the box, first dimension outermost. Allocates only here. */
export function walkBox(
  box: readonly BoxDimension[],
  visit: (from: number, to: number) => void,
): (from: number, to: number) => void {
  const [first, ...rest] = box;
  if (first === undefined) return visit;
  const { count, from: fromStep, to: toStep } = first;
  const inside = walkBox(rest, visit);
  return (from, to) => {
    for (let i = 0; i < count; i++) inside(from + i * fromStep, to + i * toStep);
  };
}
