/**
 * Values in a row, of which any stretch can be summed and searched by its sum in O(log n): the sum-tree of prioritised
 * replay (Schaul et al. 2016, appendix B.2.1), as a heap whose node i is the sum of nodes 2 i and 2 i + 1. Sums are
 * made anew from both children at every change, so that no rounding error gathers. Allocates nothing once made.
 */
export class SumTree {
  /** Leaves of a whole binary tree, >= the size asked for. */
  private readonly leaves: number;
  private readonly nodes: Float64Array;

  /** @param size values, all 0 */
  constructor(size: number) {
    this.leaves = leavesOf(size);
    this.nodes = new Float64Array(2 * this.leaves);
  }

  get(at: number): number {
    return this.nodes[this.leaves + at]!;
  }

  /** @param value >= 0 */
  set(at: number, value: number): void {
    const { nodes } = this;
    let node = this.leaves + at;
    nodes[node] = value;
    for (node >>= 1; node >= 1; node >>= 1) nodes[node] = nodes[2 * node]! + nodes[2 * node + 1]!;
  }

  /** Moves `count` values from `from` to `to`, which may overlap. */
  move(to: number, from: number, count: number): void {
    const { nodes, leaves } = this;
    nodes.copyWithin(leaves + to, leaves + from, leaves + from + count);
    for (let node = leaves - 1; node >= 1; node--) nodes[node] = nodes[2 * node]! + nodes[2 * node + 1]!;
  }

  /** Sum of the first `count` values. */
  before(count: number): number {
    const { nodes, leaves } = this;
    if (count >= leaves) return nodes[1]!;
    let sum = 0;
    for (let node = leaves + count; node > 1; node >>= 1) if (node % 2 === 1) sum += nodes[node - 1]!;
    return sum;
  }

  /** Where the running sum first exceeds `sum`: met with probability value / total for a uniform `sum` below it. */
  find(sum: number): number {
    const { nodes, leaves } = this;
    let node = 1;
    let rest = sum;
    while (node < leaves) {
      node *= 2;
      const left = nodes[node]!;
      if (rest < left) continue;
      rest -= left;
      node++;
    }
    return node - leaves;
  }
}

/** Bytes that a tree of `size` values takes. */
export function sumTreeBytes(size: number): number {
  return 2 * leavesOf(size) * Float64Array.BYTES_PER_ELEMENT;
}

function leavesOf(size: number): number {
  let leaves = 1;
  while (leaves < size) leaves *= 2;
  return leaves;
}
