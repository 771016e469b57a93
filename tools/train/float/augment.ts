import type { Random } from '../../../kernels/random.ts';
import type { Signal } from './layer.ts';

/** Deviations of what is changed at random; the values themselves have a deviation of 1. */
export interface Augmentation {
  /** Added to every value. */
  readonly noise: number;
  /** Gain of each channel of a window, around 1: other sensors, other hands. */
  readonly gain: number;
  /** Added to each channel of a window: mounted at another angle, another temperature. */
  readonly offset: number;
}

const TABLE = 1 << 16;

/** Copies of examples as another moment, another sensor or another place might have shown them. */
export class Augmenter {
  /** Normal numbers, entered at random places: drawing each anew would cost more than the training. */
  private readonly table: Float32Array;
  private readonly gains: Float64Array;
  private readonly offsets: Float64Array;

  constructor(
    private readonly signal: Signal,
    private readonly random: Random,
    private readonly how: Augmentation,
  ) {
    this.table = Float32Array.from({ length: TABLE }, () => random.normal());
    this.gains = new Float64Array(signal.channels);
    this.offsets = new Float64Array(signal.channels);
  }

  /** Rows of `examples` [n x columns x channels] into `out`, one after the other. */
  fill(examples: Float32Array, rows: Int32Array, out: Float32Array): void {
    const size = this.signal.columns * this.signal.channels;
    for (const [n, row] of rows.entries()) this.copy(examples.subarray(row * size, (row + 1) * size), out, n * size);
  }

  private copy(example: Float32Array, out: Float32Array, to: number): void {
    const { channels } = this.signal;
    const { noise } = this.how;
    for (let c = 0; c < channels; c += 1) {
      this.gains[c] = 1 + this.how.gain * this.random.normal();
      this.offsets[c] = this.how.offset * this.random.normal();
    }
    const start = this.random.integer(TABLE);
    for (let i = 0; i < example.length; i += 1) {
      const c = i % channels;
      out[to + i] = example[i]! * this.gains[c]! + this.offsets[c]! + noise * this.table[(start + i) % TABLE]!;
    }
  }
}
