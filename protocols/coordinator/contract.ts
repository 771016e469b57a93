import type { PackedValues } from '../gossip/quantiser.ts';

/** What `unpack` gives back is what was sent, not what was meant; the difference stays with the sender. */
export interface ValueCodec {
  pack(values: Float64Array): PackedValues;
  /** null when it is not of this model's shape or not finite. */
  unpack(packed: PackedValues): Float64Array | null;
}

/** What became of an agent's update: either way it is done with, and the agent counts from there. */
export const VERDICTS = ['taken', 'noGain', 'hurts'] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * All that an agent learned since its update `since`, which was answered: a later update of the same `since` holds what
 * an earlier one held.
 */
export interface Update {
  /** Model, seed of A and layout, 16 hexadecimal digits: others are not mixed. */
  readonly lineage: string;
  /** Of the adapter that the agent has. */
  readonly version: number;
  /** Drawn by an agent that has no memory, >= 1: numbers of one life say nothing about those of another. */
  readonly life: number;
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
  readonly life: number;
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
