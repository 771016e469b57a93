/**
 * Where in the space of task embeddings each adapter belongs, and how far from there its windows usually are. Squared
 * sums run in index order. Allocates nothing after creation.
 */
export class TaskDistances {
  readonly arrays: readonly (Float32Array | Float64Array)[];
  /** Of the last `measure`; infinite for adapters left out. */
  readonly distances: Float64Array;
  /** [adapters × dimensions] */
  private readonly centroids: Float32Array;
  /** Mean distance while the adapter was the right one. */
  private readonly usual: Float64Array;
  /** Windows that each centroid was moved by. */
  private readonly windows: Float64Array;

  constructor(
    private readonly adapters: number,
    private readonly dimensions: number,
  ) {
    this.centroids = new Float32Array(adapters * dimensions);
    this.usual = new Float64Array(adapters);
    this.windows = new Float64Array(adapters);
    this.distances = new Float64Array(adapters);
    this.arrays = [this.centroids, this.usual, this.windows];
  }

  placeOf(adapter: number): number[] {
    return Array.from(this.centroids.subarray(adapter * this.dimensions, (adapter + 1) * this.dimensions));
  }

  usualOf(adapter: number): number {
    return this.usual[adapter]!;
  }

  windowsOf(adapter: number): number {
    return this.windows[adapter]!;
  }

  /** Fills `distances` from an embedding; returns the nearest adapter among those that `has` knows. */
  measure(embedding: Float32Array, has: (adapter: number) => boolean): number {
    let nearest = -1;
    for (let k = 0; k < this.adapters; k++) {
      this.distances[k] = has(k) ? this.distance(embedding, k) : Infinity;
      if (nearest < 0 || this.distances[k]! < this.distances[nearest]!) nearest = k;
    }
    return nearest;
  }

  /**
   * Moves an adapter's place towards an embedding that it was right for, by 1 / windows so far, at least by `rateMin`.
   */
  follow(embedding: Float32Array, adapter: number, rateMin: number): void {
    const windows = this.windows[adapter]! + 1;
    this.windows[adapter] = windows;
    const rate = Math.max(rateMin, 1 / windows);
    this.usual[adapter] = this.usual[adapter]! + rate * (this.distances[adapter]! - this.usual[adapter]!);
    this.move(embedding, adapter, rate);
  }

  /** A new adapter's place is here; until it knows better, its windows are as far as those of `like`. */
  found(embedding: Float32Array, adapter: number, like: number): void {
    this.windows[adapter] = 0;
    this.usual[adapter] = this.usual[like]!;
    this.move(embedding, adapter, 1);
  }

  /** The place of `into` becomes the mean of both, weighted by their windows; what lay at either is usual there. */
  merge(into: number, other: number): void {
    const [a, b] = [this.windows[into]! + 1, this.windows[other]! + 1];
    let apart = 0;
    for (let i = 0, at = into * this.dimensions, to = other * this.dimensions; i < this.dimensions; i++, at++, to++) {
      const d = this.centroids[at]! - this.centroids[to]!;
      apart += d * d;
      this.centroids[at] = (a * this.centroids[at]! + b * this.centroids[to]!) / (a + b);
    }
    this.usual[into] = Math.max(this.usual[into]!, this.usual[other]!, Math.sqrt(apart));
    this.windows[into] = a + b - 2;
  }

  private move(embedding: Float32Array, adapter: number, rate: number): void {
    for (let i = 0, at = adapter * this.dimensions; i < this.dimensions; i++, at++) {
      this.centroids[at] = this.centroids[at]! + rate * (embedding[i]! - this.centroids[at]!);
    }
  }

  private distance(embedding: Float32Array, adapter: number): number {
    let sum = 0;
    for (let i = 0, at = adapter * this.dimensions; i < this.dimensions; i++, at++) {
      const d = embedding[i]! - this.centroids[at]!;
      sum += d * d;
    }
    return Math.sqrt(sum);
  }
}
