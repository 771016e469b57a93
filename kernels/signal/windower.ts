export interface WindowerOptions {
  /** Values per sample row. */
  channels: number;
  /** Rows per window. */
  window: number;
  /** Rows from one window's start to the next one's; larger than `window` leaves gaps. */
  stride: number;
}

/** Cuts a stream of sample rows into windows; all fields describe the last complete window. */
export interface Windower {
  /** [channels x window], channel-major; valid until the next push. */
  readonly samples: Float32Array;
  /** Number of the window in the stream, from 0; counts windows lost to `skip` too. -1 before the first. */
  readonly index: number;
  /** The class when all rows of the window agree on one, else -1. */
  readonly truth: number;
  /** Time stamp of the window's last row. */
  readonly endMs: number;
  /** NaN or infinite samples in the window; each was replaced by its channel's last valid value. */
  readonly missing: number;
  /** False when more than a quarter of the samples is missing or some channel has no valid sample. */
  readonly valid: boolean;
  /**
   * Takes the row at values[offset .. offset+channels). Windows never cross a change of `segment`.
   * `truth` is a class or -1. True when a window is complete.
   */
  push(values: Float32Array, offset: number, segment: number, truth: number, tMs: number): boolean;
  /** `rows` rows were lost: no window touching them comes out, but `index` counts each of them. */
  skip(rows: number): void;
}

/** Creates a windower; allocates here and never again. Throws a RangeError unless all options are integers >= 1. */
export function createWindower(options: WindowerOptions): Windower {
  const { channels, window, stride } = options;
  for (const [name, value] of Object.entries({ channels, window, stride })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be an integer >= 1, not ${value}`);
  }
  return new RingWindower(channels, window, stride);
}

class RingWindower implements Windower {
  readonly samples: Float32Array;
  index = -1;
  truth = -1;
  endMs = 0;
  missing = 0;
  valid = false;
  /** Row r of the segment lies at slot r mod window of every channel. */
  private readonly ring: Float32Array;
  private readonly gaps: Uint8Array;
  private readonly held: Float32Array;
  private readonly seen: Uint8Array;
  private segment = Number.NaN;
  private row = 0;
  private resumeAt = 0;
  private nextIndex = 0;
  private lastTruth = -1;
  private agreeing = 0;

  constructor(
    private readonly channels: number,
    private readonly window: number,
    private readonly stride: number,
  ) {
    this.samples = new Float32Array(channels * window);
    this.ring = new Float32Array(channels * window);
    this.gaps = new Uint8Array(channels * window);
    this.held = new Float32Array(channels);
    this.seen = new Uint8Array(channels);
  }

  push(values: Float32Array, offset: number, segment: number, truth: number, tMs: number): boolean {
    if (segment !== this.segment) this.enter(segment);
    this.store(values, offset);
    this.agreeing = truth === this.lastTruth ? this.agreeing + 1 : 1;
    this.lastTruth = truth;
    this.row += 1;
    const start = this.row - this.window;
    if (start < 0 || start % this.stride !== 0) return false;
    this.nextIndex += 1;
    if (start < this.resumeAt) return false;
    this.index = this.nextIndex - 1;
    this.truth = this.agreeing >= this.window ? truth : -1;
    this.endMs = tMs;
    this.emit(start % this.window);
    return true;
  }

  skip(rows: number): void {
    if (rows <= 0) return;
    this.nextIndex += this.endedBy(this.row + rows) - this.endedBy(this.row);
    this.row += rows;
    this.resumeAt = this.row;
  }

  /** Windows of the segment that end within its first `rows` rows. */
  private endedBy(rows: number): number {
    return rows < this.window ? 0 : Math.floor((rows - this.window) / this.stride) + 1;
  }

  private enter(segment: number): void {
    const first = Number.isNaN(this.segment);
    this.segment = segment;
    if (first) return; // rows skipped before the first push still count
    this.row = 0;
    this.resumeAt = 0;
    this.agreeing = 0;
    this.seen.fill(0);
    this.held.fill(0);
  }

  private store(values: Float32Array, offset: number): void {
    const slot = this.row % this.window;
    for (let c = 0; c < this.channels; c += 1) {
      const value = values[offset + c]!;
      const at = c * this.window + slot;
      // v - v is 0 for finite v and NaN for NaN and both infinities.
      const finite = value - value === 0;
      if (finite) {
        this.held[c] = value;
        if (this.seen[c] === 0) {
          this.seen[c] = 1;
          this.backfill(c, value);
        }
      }
      this.ring[at] = this.held[c]!;
      this.gaps[at] = finite ? 0 : 1;
    }
  }

  /** Gaps at the start of a segment have no earlier value to hold: they take the first valid one. */
  private backfill(channel: number, value: number): void {
    const first = channel * this.window;
    this.ring.fill(value, first, first + this.window);
  }

  private emit(firstSlot: number): void {
    const { channels, window, ring, gaps, samples } = this;
    let missing = 0;
    let deadChannels = 0;
    for (let c = 0; c < channels; c += 1) {
      const base = c * window;
      let missingHere = 0;
      for (let i = 0, slot = firstSlot; i < window; i += 1, slot += 1) {
        if (slot === window) slot = 0;
        samples[base + i] = ring[base + slot]!;
        missingHere += gaps[base + slot]!;
      }
      missing += missingHere;
      if (missingHere === window) deadChannels += 1;
    }
    this.missing = missing;
    this.valid = deadChannels === 0 && missing * 4 <= channels * window;
  }
}
