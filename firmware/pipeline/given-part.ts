import type { SharedParameters } from './shared-expert.ts';

/**
 * θ of the shared expert is the sum of two parts: what this node's own labels taught, and what others gave it. The
 * latter is counted here and saved in the same snapshot as θ: whatever a crash takes back, the two still add up, and
 * what this node learned can be told from what it was told.
 */
export class GivenPart {
  /** [D], what others gave. */
  private readonly given: Float64Array;
  /** Who gave last, by a number of their own; 0 for nobody. */
  private readonly by = new Float64Array(1);
  private readonly values: Float64Array;
  private readonly missing: Float64Array;

  constructor(private readonly shared: SharedParameters) {
    this.given = new Float64Array(shared.size);
    this.values = new Float64Array(shared.size);
    this.missing = new Float64Array(shared.size);
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
    const { shared, given } = this;
    const values = this.values;
    shared.read(values);
    for (let i = 0; i < given.length; i++) {
      given[i]! -= values[i]!;
      values[i]! += delta[i]!;
    }
    shared.write(values);
    // θ is kept in float32: what it could not take was not given.
    shared.read(values);
    for (let i = 0; i < given.length; i++) given[i]! += values[i]!;
  }

  /** Makes `wanted` [D] of all that was given. Does the same however often it is called. */
  give(wanted: Float64Array, giver: number): void {
    const { given } = this;
    const missing = this.missing;
    for (let i = 0; i < given.length; i++) missing[i] = wanted[i]! - given[i]!;
    this.add(missing);
    this.by[0] = giver;
  }
}
