/** Cycles with one order: what was lost in one of them is made good in the next, over the same edges. */
const CYCLES = 4;

/** Feistel rounds: four make a permutation that looks drawn at random (Luby and Rackoff 1988). */
const FEISTEL_ROUNDS = 4;

/**
 * In what order a cycle sees the sorted list of members. Over a single order a node would meet the same ⌈log2 N⌉
 * partners for ever; with a fifth of liars some honest node then has mostly lying ones, and no rule that compares
 * partners can help it (docs/mesh-robust.md has the figures). Four orders give up to four times as many partners, and
 * the average of each cycle is as exact as before; edges that rest for a while cost a message more each.
 *
 * Order 0 is the list itself; the others are permutations of the places, the same for every node that counts as many
 * members. They cost a few multiplications per look, no sorting and no memory.
 */
export interface Order {
  /** The place of the member with this index in the sorted list. */
  placeOf(index: number): number;
  /** The index of the member in this place. */
  indexOf(place: number): number;
}

/** The list itself: order 0. */
export const SORTED: Order = { placeOf: (index) => index, indexOf: (place) => place };

/** @param cycle of one lane, from 0. @param count members, >= 1. @param orders to be taken in turn, >= 1 */
export function orderOf(cycle: number, count: number, orders: number): Order {
  const order = Math.floor(cycle / CYCLES) % orders;
  if (order === 0) return SORTED;
  let half = 1;
  while (4 ** half < count) half += 1;
  const keys = Array.from({ length: FEISTEL_ROUNDS }, (_, round) => mix(FEISTEL_ROUNDS * order + round));
  const backwards = keys.toReversed();
  // The network permutes 4^half places: outside of the list it is followed until it comes back (cycle walking).
  const walk = (from: number, step: (x: number) => number): number => {
    let at = step(from);
    while (at >= count) at = step(at);
    return at;
  };
  return {
    placeOf: (index) => walk(index, (x) => feistel(x, half, keys)),
    indexOf: (place) => walk(place, (x) => swap(feistel(swap(x, half), half, backwards), half)),
  };
}

/** A permutation of 2 × `half` bits: with the keys backwards, and halves swapped before and after, its inverse. */
function feistel(x: number, half: number, keys: readonly number[]): number {
  const mask = (1 << half) - 1;
  let left = x >>> half;
  let right = x & mask;
  for (const key of keys) [left, right] = [right, left ^ (mix(right ^ key) & mask)];
  return (left << half) | right;
}

function swap(x: number, half: number): number {
  return ((x & ((1 << half) - 1)) << half) | (x >>> half);
}

/** The finaliser of murmur3. */
function mix(word: number): number {
  let z = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
