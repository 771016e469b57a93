/** Bounds of one node's push-sum weights; the reasons stand in settings.ts. */
export interface EdgeWeightOptions {
  /** Weight by which a peer may be ahead of what it was sent, > 0. */
  readonly slack: number;
  /** Share of an edge's balance that is kept from one exchange to the next, > 0 and <= 1. */
  readonly keep: number;
  /** Edges whose balance is remembered, >= 1. */
  readonly edges: number;
}

/**
 * A liar can forge the weight of a share: one that claims 1,000 would be all that its receiver believes. In a schedule
 * that uses every edge both ways, what comes in over an edge is about what went out over it; a peer may be ahead by
 * `slack` at most, and what it claims beyond is not counted. Old differences fade, since loss makes honest balances
 * wander; so in the long run a liar gains at most (1 − keep) · slack of weight per exchange.
 */
export class EdgeWeights {
  /** Weight sent less weight counted, by peer; the edge used longest ago comes first. */
  private readonly balances = new Map<string, number>();

  constructor(private readonly options: EdgeWeightOptions) {}

  /** The node has pushed this much new weight to a peer, whether it was acknowledged or not. */
  sent(peer: string, weight: number): void {
    this.put(peer, this.balance(peer) + weight);
  }

  /** How much of a weight Δw > 0 that a peer claims is counted: 0 to Δw. */
  counted(peer: string, weight: number): number {
    const balance = this.options.keep * this.balance(peer);
    const counts = Math.min(weight, Math.max(0, balance + this.options.slack));
    this.put(peer, balance - counts);
    return counts;
  }

  forget(peer: string): void {
    this.balances.delete(peer);
  }

  private balance(peer: string): number {
    return this.balances.get(peer) ?? 0;
  }

  private put(peer: string, balance: number): void {
    this.balances.delete(peer);
    this.balances.set(peer, balance);
    if (this.balances.size <= this.options.edges) return;
    for (const oldest of this.balances.keys()) {
      this.balances.delete(oldest);
      return;
    }
  }
}
