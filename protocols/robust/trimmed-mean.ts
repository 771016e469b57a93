import type { NeighbourhoodRule } from './neighbourhood.ts';

/** The middle value in each coordinate (Yin et al. 2018, arXiv 1803.01498, definition 1). */
export const MEDIAN: NeighbourhoodRule = {
  name: 'median',
  candidatesMin: 3,
  combine: (candidates, out) => trimmedMean(candidates, (candidates.length - 1) >> 1, out),
};

/**
 * The mean in each coordinate of what is left when as many of the largest and of the smallest values are dropped as
 * there may be liars, here a third of the candidates each (the same paper, definition 2).
 */
export const TRIMMED_MEAN: NeighbourhoodRule = {
  name: 'trimmedMean',
  candidatesMin: 3,
  combine: (candidates, out) => trimmedMean(candidates, Math.floor((candidates.length - 1) / 3), out),
};

/** @param trim values dropped at each end, 2 trim < n */
function trimmedMean(candidates: readonly Float64Array[], trim: number, out: Float64Array): void {
  const n = candidates.length;
  const column = new Float64Array(n);
  for (let d = 0; d < out.length; d++) {
    for (let i = 0; i < n; i++) insert(column, i, candidates[i]![d]!);
    let sum = 0;
    for (let i = trim; i < n - trim; i++) sum += column[i]!;
    out[d] = sum / (n - 2 * trim);
  }
}

/** Insertion into the sorted first `count`: with a dozen values nothing is faster. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let at = count;
  while (at > 0 && sorted[at - 1]! > value) {
    sorted[at] = sorted[at - 1]!;
    at -= 1;
  }
  sorted[at] = value;
}
