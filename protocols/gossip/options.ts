import type { GossipBody } from '../messages/gossip.ts';
import type { Lane, Part } from './lanes.ts';
import type { MemberState } from './membership.ts';
import type { Precision } from './quantiser.ts';

/** What stands between a peer's value and the mixing; the rules of protocols/robust have this shape. */
export interface MixingRule {
  /**
   * What is mixed in place of `value`, both of the lane's length; may be `value`, may be valid until the next call.
   *
   * @param own this node's estimate
   */
  admit(own: Float64Array, peer: string, value: Float64Array): Float64Array;
  /** What a newcomer without mass takes over in place of the first value it is given; the value when left out. */
  welcome?(own: Float64Array, peer: string, value: Float64Array): Float64Array;
  /** This much new weight was given to a peer. */
  gave?(peer: string, weight: number): void;
  /** How much of a weight that came from a peer counts, 0 … weight; all when left out. */
  counted?(peer: string, weight: number): number;
  /** The peer is gone, or is another than before. */
  forget(peer: string): void;
}

export interface GossipOptions {
  readonly self: string;
  /** This node's life: rises whenever its mass was lost. From 1. */
  readonly generation: number;
  /** Base model, seed of the frozen factors and layout, 16 hex digits: only equals are averaged. */
  readonly lineage: string;
  /** See `lanesOf`. */
  readonly parts: readonly Part[];
  /** θ to begin with. */
  readonly values: Float64Array;
  /**
   * `founder`: has a say from the start. `newcomer`: takes over what the others have first, and where all are new gives
   * its own values a say (docs/mesh-gossip.md). `guest`: a bridge in a site that is not its own; its values have their
   * say at home alone.
   */
  readonly entry: 'founder' | 'newcomer' | 'guest';
  readonly precision?: Precision;
  /** Parameters of one message. */
  readonly valuesMax?: number;
  /** How long a round may take, ms: several times a message's way there and back. */
  readonly roundTimeoutMs?: number;
  /** How many cycles old a message may be. */
  readonly stalenessCycles?: number;
  /** Least time between two starts of a cycle when others are ahead, ms: who hurries does not drive the rest. */
  readonly cycleMsMin?: number;
  readonly missedMax?: number;
  readonly suspectMs?: number;
  /** One rule for each lane; as the peers say when left out. */
  readonly defence?: (lane: Lane) => MixingRule;
  /** Share of a peer's weight that counts, 0 … 1; 0: nothing of it is taken, and nothing given to it. */
  readonly trust?: (peer: string) => number;
}

/** What is left open in the options. */
export const GOSSIP_DEFAULTS = {
  precision: 'int8',
  roundTimeoutMs: 2_000,
  stalenessCycles: 4,
  cycleMsMin: 0,
  missedMax: 5,
  suspectMs: 30_000,
} as const satisfies Partial<GossipOptions>;

/** Why a message, or its mass, was not taken. The words are counted and published: they never change. */
export type GossipRejection =
  | 'lineage'
  | 'lane'
  | 'stranger'
  | 'generation'
  | 'stale'
  | 'early'
  | 'shape'
  | 'edge'
  | 'anchor'
  | 'weight'
  | 'quarantined'
  | 'evicted';

export type GossipEffect =
  /** Seal and publish; losing it is no harm. */
  | { readonly kind: 'send'; readonly to: string; readonly body: GossipBody }
  /** The estimate has changed by others' doing; `complete`: all that this cycle waited for came. */
  | { readonly kind: 'mixed'; readonly cycle: number; readonly complete: boolean }
  | { readonly kind: 'refused'; readonly peer: string; readonly reason: GossipRejection }
  | { readonly kind: 'member'; readonly name: string; readonly state: MemberState };
