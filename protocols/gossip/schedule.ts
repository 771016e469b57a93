/** What one node does in one round of a cycle. */
export interface GossipStep {
  /** From 0; the rounds of one node ascend, and it may have none in some. */
  readonly round: number;
  /** Index of the other in the sorted list of members. */
  readonly peer: number;
  /** How much of its mass it sends. */
  readonly gives: 'all' | 'half' | 'nothing';
  /** Whether it waits for the peer's mass. */
  readonly takes: boolean;
  /** Whether it speaks first; who does not answers, so that an acknowledgement rides in every answer. */
  readonly first: boolean;
}

/**
 * Fold, double, unfold: an exact average for any number of members. With p the largest power of two in N, the N - p
 * extras first give all they have to a partner each; log2 p rounds along the edges of a hypercube then halve the
 * difference between the two halves of the list (the one-peer exponential schedule, Ying et al. 2021, arXiv
 * 2110.13363, §3, needs a power of two; folding is how MPI's recursive doubling treats the rest, Thakur et al. 2005,
 * §4.5); at last the partners give the extras half.
 *
 * @param count members, from 1. @param index this node's place in the list
 */
export function stepsOf(count: number, index: number): readonly GossipStep[] {
  const core = largestPowerOfTwo(count);
  const extras = count - core;
  const last = roundsOf(count) - 1;
  if (index >= core) {
    const peer = index - core;
    return [
      { round: 0, peer, gives: 'all', takes: false, first: true },
      { round: last, peer, gives: 'nothing', takes: true, first: false },
    ];
  }
  const steps: GossipStep[] = [];
  const partner = index < extras ? core + index : null;
  if (partner !== null) steps.push({ round: 0, peer: partner, gives: 'nothing', takes: true, first: false });
  const shift = extras > 0 ? 1 : 0;
  for (let bit = 1, round = shift; bit < core; bit *= 2, round++) {
    steps.push({ round, peer: index ^ bit, gives: 'half', takes: true, first: (index & bit) === 0 });
  }
  if (partner !== null) steps.push({ round: last, peer: partner, gives: 'half', takes: false, first: true });
  return steps;
}

/** Rounds of one cycle: log2 N for a power of two, else two more than that of the next smaller one: ≤ ⌈log2 N⌉ + 1. */
export function roundsOf(count: number): number {
  const core = largestPowerOfTwo(count);
  return Math.log2(core) + (count > core ? 2 : 0);
}

function largestPowerOfTwo(count: number): number {
  let power = 1;
  while (power * 2 <= count) power *= 2;
  return power;
}
