/** How samples that come faster or slower than the rows of a window become one value per row. */
export type Resample = 'mean' | 'hold' | 'linear';

/** What is known about one channel of a live sensor, every default filled in. */
export interface ChannelRules {
  readonly name: string;
  /** The channel's value is `scale × sample + offset`, in the unit that the model was trained in. */
  readonly scale: number;
  readonly offset: number;
  /** A value outside cannot be true: a broken wire, an overflow. Both ends are inside. */
  readonly rangeMin: number;
  readonly rangeMax: number;
  /** A value that has not changed by a single bit for longer than this is not measured any more; Infinity: may be. */
  readonly stuckAfterMs: number;
  /** Longer than this without a sample, and the channel is missing. */
  readonly gapMs: number;
  readonly resample: Resample;
}
