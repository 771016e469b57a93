import type { PackedValues } from '../gossip/quantiser.ts';

/** What `unpack` gives back is what was sent, not what was meant; the difference stays with the sender. */
export interface ValueCodec {
  pack(values: Float64Array): PackedValues;
  /** null when it is not of this model's shape or not finite. */
  unpack(packed: PackedValues): Float64Array | null;
}

/**
 * What became of an agent's update. `unknownBase`: the coordinator has lost what it took from this agent after `since`
 * (a disk that is gone); the agent says what it learned since the adapter it reads this in.
 */
export const VERDICTS = ['taken', 'tooFewLabels', 'noGain', 'hurts', 'unknownBase'] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * All that an agent learned since it read the answer to its update `since`: a later one holds what an earlier one of
 * the same `since` held.
 */
export interface Update {
  /** Model, seed of A and layout, 16 hexadecimal digits: others are not mixed. */
  readonly lineage: string;
  /** Of the adapter that the agent has. */
  readonly version: number;
  readonly since: number;
  /** Counts an agent's updates from 1, across restarts. */
  readonly number: number;
  /** Labels behind it. */
  readonly labels: number;
  /** Mean log-loss on the agent's own labelled windows, without and with what it learned. */
  readonly before: number;
  readonly after: number;
  readonly delta: PackedValues;
}

/** The latest answer that the coordinator gave an agent. */
export interface Answer {
  /** Its name; a star is of one site. */
  readonly agent: string;
  readonly number: number;
  readonly verdict: Verdict;
}

/** The adapter as the coordinator last made it; retained by the broker, so that a newcomer begins with it. */
export interface CommonAdapter {
  readonly lineage: string;
  readonly version: number;
  readonly values: PackedValues;
  readonly answers: readonly Answer[];
}
