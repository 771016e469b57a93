import type { Lane } from './lanes.ts';
import { GOSSIP_LIMITS } from './limits.ts';
import { type Anchor, type PackedValues, unpackValues } from './quantiser.ts';

/** One end's account of what goes over a directed edge. */
interface Ledger {
  base: number;
  upTo: number;
  /** Weight of all between the two, in grains. */
  grains: number;
  /** Sum of all between the two, as it is on the wire; null when there is nothing. */
  packed: PackedValues | null;
  /**
   * The mean of what was under way when the base was set [lane]: both ends have it bit for bit, and the next sums are
   * coded as differences to it. Null before the first acknowledgement, and where it would take too much memory.
   */
  anchor: Float32Array | null;
}

/**
 * The sending end of a directed edge. Mass that was sent but not acknowledged is repeated in every later message,
 * summed up: a message makes all before it superfluous, so loss, duplication and reordering neither
 * lose mass nor count it twice. Rules of both ends in docs/mesh-gossip.md.
 */
export interface Outgoing extends Ledger {
  /** Transfer that the receiver acknowledged last. */
  base: number;
  /** The newest transfer; `base` when nothing is under way. */
  upTo: number;
  /** The receiver has lost its end of the edge: until its next acknowledgement nothing is coded as a difference. */
  isToldInFull: boolean;
  /** The receiver was given up, and what was under way is back in the sender's own mass. */
  returned: boolean;
}

/** The receiving end of a directed edge: what of the sender's sum is applied already, up to `upTo`. */
export type Incoming = Ledger;

/** @param transfer any number the sender has used already: an edge begun anew never repeats a number */
export function createOutgoing(transfer: number): Outgoing {
  return {
    base: transfer,
    upTo: transfer,
    grains: 0,
    packed: null,
    anchor: null,
    isToldInFull: false,
    returned: false,
  };
}

export function createIncoming(): Incoming {
  return { base: 0, upTo: 0, grains: 0, packed: null, anchor: null };
}

/** Reads the sum of a ledger into `out` [lane.length]; zero when there is none. False when it is of another lane. */
export function readSum({ packed, anchor, grains }: Readonly<Ledger>, lane: Lane, out: Float64Array): boolean {
  if (packed !== null) return unpackValues(packed, lane, out, expected(anchor, grains));
  out.fill(0);
  return true;
}

/** The sum of so many grains if they are what both ends had agreed on. */
export function expected(anchor: Float32Array | null, grains: number): Anchor {
  if (anchor === null) return null;
  const weight = grains / GOSSIP_LIMITS.grainsPerUnit;
  const sum = new Float64Array(anchor.length);
  for (let i = 0; i < sum.length; i++) sum[i] = anchor[i]! * weight;
  return sum;
}

/** What both ends agree on once all of a ledger has arrived; null when that is nothing, or not finite. */
export function agreedOn(ledger: Readonly<Ledger>, lane: Lane): Float32Array | null {
  const sum = new Float64Array(lane.length);
  if (ledger.packed === null || !readSum(ledger, lane, sum)) return null;
  const weight = ledger.grains / GOSSIP_LIMITS.grainsPerUnit;
  const mean = new Float32Array(sum.length);
  for (let i = 0; i < mean.length; i++) {
    mean[i] = sum[i]! / weight;
    if (!Number.isFinite(mean[i]!)) return null;
  }
  return mean;
}

/**
 * Moves the base when the newest transfer is acknowledged. An older number says nothing: what came after it was sent
 * as one sum with it.
 */
export function acknowledge(edge: Outgoing, transfer: number, agreed: (edge: Outgoing) => Float32Array | null): void {
  if (transfer !== edge.upTo || edge.upTo === edge.base || edge.returned) return;
  edge.anchor = agreed(edge);
  edge.isToldInFull = false;
  edge.base = edge.upTo;
  edge.grains = 0;
  edge.packed = null;
}

/**
 * How a message stands to what was applied: `fresh` = begins where the last one ended, `more` = holds the last one and
 * more, `old` = holds nothing new, `broken` = cannot follow from what this sender sent before.
 */
export function standing(edge: Incoming, base: number, upTo: number): 'fresh' | 'more' | 'old' | 'broken' {
  if (upTo <= base) return upTo === base ? 'old' : 'broken';
  // Further on than ours: we were restored from a state that had missed what lies between, and so had its mass.
  if (base >= edge.upTo) return 'fresh';
  if (upTo <= edge.upTo) return 'old';
  return base === edge.base ? 'more' : 'broken';
}
