/** Counts every change of an input of one graph, so that a node knows at once that nothing happened since it looked. */
export interface GraphClock {
  changes: number;
}

/**
 * Something computed from other nodes when it is asked for, and kept until one of them changes. A node takes its
 * sources when it is made, from nodes that exist: there is no way to a cycle.
 */
export abstract class LazyNode {
  /** How often the value was computed, for reports and tests. */
  evaluations = 0;
  /** Versions of the sources that the value was computed from. */
  private readonly seen: Float64Array;
  private version = 0;
  private stale = true;
  private checkedAt = -1;

  protected constructor(
    readonly clock: GraphClock,
    private readonly sources: readonly LazyNode[],
  ) {
    for (const source of sources) {
      if (source.clock !== clock) throw new RangeError('the nodes belong to different graphs');
    }
    this.seen = new Float64Array(sources.length);
  }

  /** Computes the value from those of the sources. Allocates nothing. */
  protected abstract evaluate(): void;

  /** The value is no longer what it would be: it is computed again when it is next asked for. */
  protected invalidate(): void {
    this.stale = true;
    this.clock.changes++;
  }

  /** Brings the value up to date, sources first, as deep as something changed; its version moves when it did. */
  protected refresh(): number {
    if (this.checkedAt === this.clock.changes) return this.version;
    for (let at = 0; at < this.sources.length; at++) {
      if (this.sources[at]!.refresh() !== this.seen[at]) this.stale = true;
    }
    if (this.stale) {
      this.evaluate();
      // Only after success: what failed to compute stays stale.
      for (let at = 0; at < this.sources.length; at++) this.seen[at] = this.sources[at]!.version;
      this.stale = false;
      this.version++;
      this.evaluations++;
    }
    this.checkedAt = this.clock.changes;
    return this.version;
  }
}
