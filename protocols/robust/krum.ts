import { squaredDistance } from './distance.ts';
import type { NeighbourhoodRule } from './neighbourhood.ts';

/** n >= 2f + 3 with one liar: with fewer candidates Krum tolerates nobody. */
const CANDIDATES_MIN = 5;

/**
 * The candidate with the smallest sum of squared distances to its n − f − 2 nearest others (Blanchard, El Mhamdi,
 * Guerraoui and Stainer 2017). f is the most that n >= 2f + 3 allows, n being the neighbourhood, not the fleet.
 */
export const KRUM: NeighbourhoodRule = {
  name: 'krum',
  candidatesMin: CANDIDATES_MIN,
  combine: (candidates, out) => out.set(candidates[ranked(candidates)[0]!]!),
};

/** The mean of the n − f − 2 candidates that Krum finds best (the same paper). */
export const MULTI_KRUM: NeighbourhoodRule = {
  name: 'multiKrum',
  candidatesMin: CANDIDATES_MIN,
  combine: (candidates, out) => {
    const best = ranked(candidates).slice(0, nearestOf(candidates.length));
    out.fill(0);
    for (const i of best) for (let d = 0; d < out.length; d++) out[d] = out[d]! + candidates[i]![d]! / best.length;
  },
};

/** n − f − 2. */
function nearestOf(n: number): number {
  return n - Math.floor((n - 3) / 2) - 2;
}

/** Candidates by Krum's score, best first; of equals the earlier one: the receiver's own comes first of all. */
function ranked(candidates: readonly Float64Array[]): number[] {
  const n = candidates.length;
  const distances = candidates.map(() => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const distance = squaredDistance(candidates[i]!, candidates[j]!);
      distances[i]![j] = distance;
      distances[j]![i] = distance;
    }
  }
  // After sorting, a row begins with the distance to itself, 0.
  const scores = distances.map((row) => sum(row.sort(), 1, 1 + nearestOf(n)));
  return scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i]!;
  return total;
}
