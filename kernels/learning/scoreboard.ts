/** Halves of a stream are told apart to within one bucket of this many. */
const DEFAULT_CAPACITY = 4096;

/** How often each expert was right: over the whole stream, and over its second half. */
export interface Scoreboard {
  /** Windows scored. */
  readonly count: number;
  /** Scores one window: what each expert (in the order given at creation) and the mixture said, and the truth. */
  add(expertLabels: ArrayLike<number>, mixtureLabel: number, truth: number): void;
  /** Share right of an expert or of `mixture`, 0 to 1; 0 before the first window. */
  accuracy(name: string): number;
  /** The same over the later half of the windows so far. */
  secondHalf(name: string): number;
}

/**
 * Bounded memory for endless streams: windows are counted in at most `capacity` (even) buckets in order of time; when
 * all are full, neighbours merge and every bucket holds twice as many windows. Up to `capacity` windows the second
 * half is exact, afterwards its border is off by less than one bucket, 2 / capacity of the stream.
 */
export function createScoreboard(experts: readonly string[], capacity = DEFAULT_CAPACITY): Scoreboard {
  if (!(Number.isInteger(capacity) && capacity >= 2 && capacity % 2 === 0)) {
    throw new RangeError(`a scoreboard of ${capacity} buckets: choose an even number of 2 or more`);
  }
  return new BucketScoreboard([...experts, 'mixture'], capacity);
}

class BucketScoreboard implements Scoreboard {
  count = 0;
  /** [capacity × names] windows right. */
  private readonly right: Float64Array;
  private windowsPerBucket = 1;

  constructor(
    private readonly names: readonly string[],
    private readonly capacity: number,
  ) {
    this.right = new Float64Array(capacity * names.length);
  }

  add(expertLabels: ArrayLike<number>, mixtureLabel: number, truth: number): void {
    if (this.count === this.capacity * this.windowsPerBucket) this.mergeNeighbours();
    const { length } = this.names;
    const at = Math.floor(this.count / this.windowsPerBucket) * length;
    for (let e = 0; e < length - 1; e++) if (expertLabels[e] === truth) this.right[at + e] = this.right[at + e]! + 1;
    if (mixtureLabel === truth) this.right[at + length - 1] = this.right[at + length - 1]! + 1;
    this.count++;
  }

  accuracy(name: string): number {
    return this.share(name, 0);
  }

  secondHalf(name: string): number {
    return this.share(name, Math.round(this.count / 2 / this.windowsPerBucket));
  }

  /** Share right over the buckets from `first` on. */
  private share(name: string, first: number): number {
    const { length } = this.names;
    const column = this.names.indexOf(name);
    if (column < 0) throw new RangeError(`no expert is called ${name}; there are ${this.names.join(', ')}`);
    const windows = this.count - first * this.windowsPerBucket;
    let sum = 0;
    for (let b = first; b < this.capacity; b++) sum += this.right[b * length + column]!;
    return windows > 0 ? sum / windows : 0;
  }

  private mergeNeighbours(): void {
    const { right, capacity } = this;
    const { length } = this.names;
    for (let b = 0; b < capacity / 2; b++) {
      for (let e = 0; e < length; e++) {
        right[b * length + e] = right[2 * b * length + e]! + right[(2 * b + 1) * length + e]!;
      }
    }
    right.fill(0, (capacity / 2) * length);
    this.windowsPerBucket *= 2;
  }
}
