import type { SharedParameters } from './shared-expert.ts';

/**
 * θ of the shared expert is the sum of two parts: what this node's own labels taught, and what others gave it. The latter
 * is counted here and saved in the same snapshot as θ: whatever a crash takes back, the two still add up, and what this
 * node learned can be told from what it was told.
 */
export class GivenPart {
  /** [D], what others gave. */
  private readonly given: Float64Array;
  /** Who gave last, by a number of their own; 0 for nobody. */
  private readonly by = new Float64Array(1);
  private readonly before: Float64Array;
  private readonly after: Float64Array;

  constructor(private readonly shared: SharedParameters) {
    this.given = new Float64Array(shared.size);
    this.before = new Float64Array(shared.size);
    this.after = new Float64Array(shared.size);
  }

  /** To be saved, or filled, together with θ. */
  get state(): readonly Float64Array[] {
    return [this.given, this.by];
  }

  get giver(): number {
    return this.by[0]!;
  }

  /** Writes what own labels taught to `out` [D]. */
  own(out: Float64Array): void {
    this.shared.read(out);
    for (let i = 0; i < this.given.length; i++) out[i]! -= this.given[i]!;
  }

  /** Adds `delta` [D]. */
  add(delta: Float64Array): void {
    const { shared, given, before, after } = this;
    shared.read(before);
    for (let i = 0; i < given.length; i++) after[i] = before[i]! + delta[i]!;
    shared.write(after);
    // θ is kept in float32: what it could not take was not given.
    shared.read(after);
    for (let i = 0; i < given.length; i++) given[i]! += after[i]! - before[i]!;
  }

  /** Makes `wanted` [D] of all that was given. Does the same however often it is called. */
  give(wanted: Float64Array, giver: number): void {
    const missing = this.wanting(wanted);
    this.add(missing);
    this.by[0] = giver;
  }

  private wanting(wanted: Float64Array): Float64Array {
    // `add` reads into `before` first, and has read `delta` by the time it writes `after`.
    for (let i = 0; i < this.given.length; i++) this.after[i] = wanted[i]! - this.given[i]!;
    return this.after;
  }
}
