/** Mean of each column over stretches of a stream. */
export interface CurvePoints {
  /** [points] windows up to the end of each stretch. */
  readonly at: readonly number[];
  /** [columns][points]; null where a stretch has no value. */
  readonly means: readonly (readonly (number | null)[])[];
}

/**
 * Curves of bounded memory over a stream of any length: windows are gathered in at most `capacity` (even) buckets in
 * order of time; when all are full, neighbours merge and every bucket holds twice as many windows.
 */
export class StreamCurve {
  /** Windows so far. */
  windows = 0;
  /** [capacity × columns] */
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;
  private windowsPerBucket = 1;

  constructor(
    private readonly columns: number,
    private readonly capacity: number,
  ) {
    if (!(Number.isInteger(capacity) && capacity >= 2 && capacity % 2 === 0)) {
      throw new RangeError(`a curve of ${capacity} buckets: choose an even number of 2 or more`);
    }
    this.sums = new Float64Array(capacity * columns);
    this.counts = new Float64Array(capacity * columns);
  }

  /** Goes on to the next window; what is added from now on belongs to it. */
  next(): void {
    if (this.windows === this.capacity * this.windowsPerBucket) this.mergeNeighbours();
    this.windows++;
  }

  /** After `next`: a value of the present window. What is no finite number is left out. */
  add(column: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const at = Math.floor((this.windows - 1) / this.windowsPerBucket) * this.columns + column;
    this.sums[at] = this.sums[at]! + value;
    this.counts[at] = this.counts[at]! + 1;
  }

  points(): CurvePoints {
    const buckets = Math.ceil(this.windows / this.windowsPerBucket);
    const at = Array.from({ length: buckets }, (_, b) => Math.min(this.windows, (b + 1) * this.windowsPerBucket));
    const means = Array.from({ length: this.columns }, (_, column) =>
      at.map((_, b) => {
        const count = this.counts[b * this.columns + column]!;
        return count === 0 ? null : this.sums[b * this.columns + column]! / count;
      }),
    );
    return { at, means };
  }

  private mergeNeighbours(): void {
    const { sums, counts, columns, capacity } = this;
    for (const values of [sums, counts]) {
      for (let b = 0; b < capacity / 2; b++) {
        for (let c = 0; c < columns; c++) {
          values[b * columns + c] = values[2 * b * columns + c]! + values[(2 * b + 1) * columns + c]!;
        }
      }
      values.fill(0, (capacity / 2) * columns);
    }
    this.windowsPerBucket *= 2;
  }
}
