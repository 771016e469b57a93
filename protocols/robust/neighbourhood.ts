import { Clip, type ClipOptions } from './clip.ts';
import type { Admission, Defence, DefenceName } from './defence.ts';
import { RecentPeers } from './recent-peers.ts';

/** A rule that makes one vector of several. */
export interface NeighbourhoodRule {
  readonly name: DefenceName;
  /** Fewer candidates than this and the rule protects nobody. */
  readonly candidatesMin: number;
  /** Fills `out` [D] from n >= candidatesMin vectors of [D], which it leaves as they are. */
  combine(candidates: readonly Float64Array[], out: Float64Array): void;
}

export interface NeighbourhoodOptions {
  /** K: distinct peers whose values are kept, >= 1: K × D × 8 bytes. */
  readonly peers: number;
  /** Admissions after which a peer's value no longer counts. */
  readonly ageMax: number;
  /** Of the clipping that stands in while there are too few candidates. */
  readonly clip: ClipOptions;
}

/**
 * Rules made for a server that sees all values at once, over what a node of a one-peer schedule has: its own value and
 * the latest of each of the last K distinct peers, the sender's among them.
 */
export class NeighbourhoodDefence implements Defence {
  readonly name: DefenceName;
  latest: Admission = 'fellBack';
  private readonly recent: RecentPeers<{ value: Float64Array }>;
  private readonly kept: { value: Float64Array }[] = [];
  private readonly candidates: Float64Array[] = [];
  private readonly clip: Clip;
  private out = new Float64Array(0);

  constructor(
    private readonly rule: NeighbourhoodRule,
    options: NeighbourhoodOptions,
  ) {
    this.name = rule.name;
    this.clip = new Clip(options.clip);
    this.recent = new RecentPeers(options.peers, options.ageMax, () => ({ value: new Float64Array(0) }));
  }

  admit(own: Float64Array, peer: string, value: Float64Array): Float64Array {
    const record = this.recent.touch(peer);
    if (record.value.length !== value.length) record.value = new Float64Array(value.length);
    record.value.set(value);
    const candidates = this.candidates;
    candidates.length = 0;
    candidates.push(own);
    for (const kept of this.recent.all(this.kept)) candidates.push(kept.value);
    // Heard in any case: when peers are forgotten the clip must know what is usual.
    const clipped = this.clip.admit(own, peer, value);
    this.latest = candidates.length < this.rule.candidatesMin ? 'fellBack' : 'replaced';
    if (this.latest === 'fellBack') return clipped;
    if (this.out.length !== own.length) this.out = new Float64Array(own.length);
    this.rule.combine(candidates, this.out);
    return this.out;
  }

  forget(peer: string): void {
    this.recent.forget(peer);
    this.clip.forget(peer);
  }
}
