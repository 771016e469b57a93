import type { ChannelRules } from './channel-rules.ts';

const QUEUE_MIN = 16;
/** Samples of one channel that may wait for their row: the largest block that one message can bring. */
const QUEUE_MAX = 16_384;

/**
 * Brings channels that deliver whenever they like onto one clock. Samples wait in a bounded queue per channel until
 * the row of their time is asked for; each row takes what lies in (time of the row before, time of this row]:
 *
 * - `mean`: the mean of those samples, a box filter whose first zero lies at the row rate, so that a faster channel
 *   does not alias; the last sample is held when there is none;
 * - `hold`: the last sample;
 * - `linear`: on the straight line between the samples around the row, when the later one has come by then.
 *
 * A value is held for `gapMs` at most; then, and when the last sample was NaN, the row has NaN there. Memory is taken
 * at the start; nothing is allocated per sample or row.
 */
export class Resampler {
  /** Samples given up because their channel's queue was full. */
  dropped = 0;
  readonly #rules: readonly ChannelRules[];
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #first: Int32Array;
  readonly #count: Int32Array;
  /** The sample that was taken from the queue last. */
  readonly #heldAt: Float64Array;
  readonly #held: Float64Array;

  /** @param samples that may wait in all channels together, in thousands of channels still QUEUE_MIN each */
  constructor(rules: readonly ChannelRules[], samples: number) {
    const each = Math.min(QUEUE_MAX, Math.max(QUEUE_MIN, Math.floor(samples / rules.length)));
    this.#rules = rules;
    this.#capacity = each;
    this.#times = new Float64Array(rules.length * each);
    this.#values = new Float64Array(rules.length * each);
    this.#first = new Int32Array(rules.length);
    this.#count = new Int32Array(rules.length);
    this.#heldAt = new Float64Array(rules.length).fill(Number.NEGATIVE_INFINITY);
    this.#held = new Float64Array(rules.length).fill(Number.NaN);
  }

  /** Takes a sample, NaN when it is known to be missing. Times of one channel never fall; an earlier one is lifted. */
  push(channel: number, value: number, atMs: number): void {
    const capacity = this.#capacity;
    const base = channel * capacity;
    if (this.#count[channel] === capacity) {
      this.#takeFirst(channel);
      this.dropped++;
    }
    const count = this.#count[channel]!;
    const newest = count > 0 ? this.#times[base + this.#slot(channel, count - 1)]! : this.#heldAt[channel]!;
    const slot = base + this.#slot(channel, count);
    this.#times[slot] = Math.max(atMs, newest);
    this.#values[slot] = value;
    this.#count[channel] = count + 1;
  }

  /** Writes the row of a time to out[offset..]; times never fall from one call to the next. Returns missing values. */
  row(atMs: number, out: Float32Array, offset: number): number {
    let missing = 0;
    for (let channel = 0; channel < this.#rules.length; channel++) {
      const value = this.#value(channel, atMs);
      if (Number.isNaN(value)) missing++;
      out[offset + channel] = value;
    }
    return missing;
  }

  #value(channel: number, atMs: number): number {
    const { resample, gapMs } = this.#rules[channel]!;
    const base = channel * this.#capacity;
    let sum = 0;
    let numbers = 0;
    while (this.#count[channel]! > 0 && this.#times[base + this.#first[channel]!]! <= atMs) {
      const value = this.#takeFirst(channel);
      if (Number.isNaN(value)) continue;
      sum += value;
      numbers++;
    }
    if (resample === 'mean' && numbers > 0) return sum / numbers;
    if (atMs - this.#heldAt[channel]! > gapMs) return Number.NaN;
    return resample === 'linear' ? this.#onTheLine(channel, atMs) : this.#held[channel]!;
  }

  #onTheLine(channel: number, atMs: number): number {
    const held = this.#held[channel]!;
    if (this.#count[channel] === 0) return held;
    const next = channel * this.#capacity + this.#first[channel]!;
    const heldAt = this.#heldAt[channel]!;
    const span = this.#times[next]! - heldAt;
    const value = this.#values[next]!;
    if (Number.isNaN(value) || span > this.#rules[channel]!.gapMs) return held;
    return held + ((value - held) * (atMs - heldAt)) / span;
  }

  #takeFirst(channel: number): number {
    const first = this.#first[channel]!;
    const slot = channel * this.#capacity + first;
    const value = this.#values[slot]!;
    this.#held[channel] = value;
    this.#heldAt[channel] = this.#times[slot]!;
    this.#first[channel] = first + 1 === this.#capacity ? 0 : first + 1;
    this.#count[channel]!--;
    return value;
  }

  #slot(channel: number, position: number): number {
    const slot = this.#first[channel]! + position;
    return slot < this.#capacity ? slot : slot - this.#capacity;
  }
}
