import type { ChannelRules } from './channel-rules.ts';

/** What is wrong with a channel; the first that applies. */
export type ChannelState = 'well' | 'gap' | 'range' | 'stuck';

/** A channel whose values go in and out of its range is unwell until they have been inside for this long. */
export const WELL_AFTER_MS = 5_000;

/** A channel's state, said when it changes. */
export interface ChannelChange {
  readonly channel: number;
  readonly state: ChannelState;
  /** Since when it is so: the last sample, the last change of the value, or the first one out of range. */
  readonly sinceMs: number;
  /** The value that is stuck or was out of range first; NaN otherwise. */
  readonly value: number;
}

/**
 * Judges every sample of a live sensor and every silence. A value that cannot be believed becomes NaN, a missing
 * sample. Time is monotonic and an argument: what the wall clock does is nobody's business here.
 */
export class ChannelHealth {
  /** Values outside their range, samples that are no finite number, silences and stuck values so far. */
  outOfRange = 0;
  notNumbers = 0;
  gaps = 0;
  stuck = 0;
  readonly #rules: readonly ChannelRules[];
  readonly #lastAt: Float64Array;
  readonly #value: Float64Array;
  readonly #changedAt: Float64Array;
  /** First and last value out of range of the present episode; -Infinity when there was none. */
  readonly #badFrom: Float64Array;
  readonly #badAt: Float64Array;
  readonly #badValue: Float64Array;
  readonly #said: ChannelState[];

  /** @param nowMs a channel that never delivers is silent from here on */
  constructor(rules: readonly ChannelRules[], nowMs: number) {
    const each = (value: number): Float64Array => new Float64Array(rules.length).fill(value);
    this.#rules = rules;
    this.#lastAt = each(nowMs);
    this.#value = each(Number.NaN);
    this.#changedAt = each(nowMs);
    this.#badFrom = each(Number.NEGATIVE_INFINITY);
    this.#badAt = each(Number.NEGATIVE_INFINITY);
    this.#badValue = each(Number.NaN);
    this.#said = rules.map(() => 'well');
  }

  /** Takes a sample as the sensor gave it; returns its value in the channel's unit, or NaN. */
  take(channel: number, sample: number, atMs: number): number {
    const rules = this.#rules[channel]!;
    const value = rules.scale * sample + rules.offset;
    // Neither a value nor a sign of life: a sensor that only says "no number" falls silent.
    if (!Number.isFinite(value)) {
      this.notNumbers++;
      return Number.NaN;
    }
    this.#lastAt[channel] = atMs;
    if (value !== this.#value[channel]) {
      this.#value[channel] = value;
      this.#changedAt[channel] = atMs;
    }
    if (value < rules.rangeMin || value > rules.rangeMax) {
      this.#refuse(channel, value, atMs);
      return Number.NaN;
    }
    return atMs - this.#changedAt[channel]! > rules.stuckAfterMs ? Number.NaN : value;
  }

  #refuse(channel: number, value: number, atMs: number): void {
    this.outOfRange++;
    if (atMs - this.#badAt[channel]! > WELL_AFTER_MS) {
      this.#badFrom[channel] = atMs;
      this.#badValue[channel] = value;
    }
    this.#badAt[channel] = atMs;
  }

  /** Tells every channel whose state is another one than at the last call. */
  check(nowMs: number, changed: (change: ChannelChange) => void): void {
    for (let channel = 0; channel < this.#said.length; channel++) {
      const state = this.#stateOf(channel, nowMs);
      if (state === this.#said[channel]) continue;
      this.#said[channel] = state;
      if (state === 'gap') this.gaps++;
      if (state === 'stuck') this.stuck++;
      changed({ channel, state, ...this.#facts(channel, state, nowMs) });
    }
  }

  /** This process did not run for so long: no channel is to blame for what was not heard then. */
  excuse(ms: number): void {
    for (const times of [this.#lastAt, this.#changedAt, this.#badFrom, this.#badAt]) {
      for (let channel = 0; channel < times.length; channel++) times[channel]! += ms;
    }
  }

  #stateOf(channel: number, nowMs: number): ChannelState {
    const { gapMs, stuckAfterMs } = this.#rules[channel]!;
    const lastAt = this.#lastAt[channel]!;
    if (nowMs - lastAt > gapMs) return 'gap';
    if (nowMs - this.#badAt[channel]! <= WELL_AFTER_MS) return 'range';
    return lastAt - this.#changedAt[channel]! > stuckAfterMs ? 'stuck' : 'well';
  }

  #facts(channel: number, state: ChannelState, nowMs: number): { sinceMs: number; value: number } {
    switch (state) {
      case 'gap':
        return { sinceMs: this.#lastAt[channel]!, value: Number.NaN };
      case 'range':
        return { sinceMs: this.#badFrom[channel]!, value: this.#badValue[channel]! };
      case 'stuck':
        return { sinceMs: this.#changedAt[channel]!, value: this.#value[channel]! };
      case 'well':
        return { sinceMs: nowMs, value: Number.NaN };
    }
  }
}
