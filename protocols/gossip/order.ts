/** Orders that cycles take in turn. */
const ORDERS = 4;
/** How often every lane keeps to an order: an edge's acknowledgement rides in its next message. */
const TURNS = 4;
/** Multipliers as shares of the count: far from 0, from 1 and from one another's small multiples. */
const SHARES = [0, 0.618034, 0.272019, 0.445042] as const;

/** A permutation of places 0 … N - 1 and its inverse. */
export interface Order {
  /** Place of the member with that index in the sorted list. */
  placeOf(index: number): number;
  indexAt(place: number): number;
}

/**
 * The order of a cycle. With one order for ever a node would hear the same log2 N peers only, and an extra nobody but
 * its partner: if that one lies or is gone, so are all extras of it. Orders are i → a i + b (mod N), so that everybody
 * finds its peers without sorting anything.
 */
export function orderOf(cycle: number, lanes: number, count: number): Order {
  const turn = Math.floor(cycle / (lanes * TURNS)) % ORDERS;
  if (turn === 0 || count < 3) return { placeOf: (index) => index, indexAt: (place) => place };
  const factor = coprimeTo(count, Math.floor(SHARES[turn]! * count));
  const inverse = inverseOf(factor, count);
  return {
    placeOf: (index) => (index * factor + turn) % count,
    indexAt: (place) => ((place + count - (turn % count)) * inverse) % count,
  };
}

/** The least number from `from` (at least 2) without a divisor in common with `count`. */
function coprimeTo(count: number, from: number): number {
  let candidate = Math.max(2, from);
  while (gcd(candidate, count) !== 1) candidate += 1;
  return candidate;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** 1 / factor modulo count, by Euclid's algorithm. */
function inverseOf(factor: number, count: number): number {
  let [r0, r1, t0, t1] = [count, factor % count, 0, 1];
  while (r1 !== 0) {
    const quotient = Math.floor(r0 / r1);
    [r0, r1, t0, t1] = [r1, r0 - quotient * r1, t1, t0 - quotient * t1];
  }
  return (t0 + count) % count;
}
