/** The rules a node may put between what a peer says and what it mixes. */
export const DEFENCE_NAMES = ['none', 'clip', 'median', 'trimmedMean', 'krum', 'multiKrum'] as const;
export type DefenceName = (typeof DEFENCE_NAMES)[number];

/**
 * Replaces the value of incoming mass before it is mixed: mass (Δs, Δw) has the value v = Δs / Δw, and what is added
 * is (Δw · admit(own, peer, v), Δw). Rules that compare look at the last K distinct peers: a message brings but one.
 *
 * One defence serves one vector of one node: lengths must not change.
 */
export interface Defence {
  readonly name: DefenceName;
  /**
   * What is mixed in place of `value`; changes neither argument and keeps neither.
   *
   * @param own the receiver's own estimate [D]
   * @param peer the sender's name, authenticated
   * @param value what the sender says the estimate should be [D]
   * @returns [D]; valid until the next call: the same array is used again
   */
  admit(own: Float64Array, peer: string, value: Float64Array): Float64Array;
  /** Says what the rule did with its latest value, for counters: a rule with too few peers falls back to another. */
  readonly latest: Admission;
  /** Forgets a peer that was quarantined or evicted: its earlier values no longer count. */
  forget(peer: string): void;
}

/**
 * - `asSaid`: the value went in unchanged.
 * - `bounded`: the value, or the distance from own, was cut.
 * - `replaced`: another value than the peer's went in: a median, a mean, the value of the peer that Krum chose.
 * - `fellBack`: fewer distinct peers were known than the rule needs, so the value was clipped instead.
 * - `refused`: the value was not finite or absurd (the peer is charged), or a newcomer was offered one that harms; the
 *   receiver's own went in.
 * - `quarantined`: the peer has hurt too often; the receiver's own value went in.
 */
export type Admission = 'asSaid' | 'bounded' | 'replaced' | 'fellBack' | 'refused' | 'quarantined';
