import type { PackedValues } from './quantiser.ts';

/**
 * The sending end of a directed edge. Mass that was sent but not acknowledged is repeated in every later message,
 * summed up: a message makes all before it superfluous, so loss, duplication and reordering neither
 * lose mass nor count it twice. Rules of both ends in docs/mesh-gossip.md.
 */
export interface Outgoing {
  /** Transfer that the receiver acknowledged last. */
  base: number;
  /** The newest transfer; `base` when nothing is under way. */
  upTo: number;
  /** Weight of all that was sent after `base`, in grains. */
  grains: number;
  /** Sum of all that was sent after `base`, as it is on the wire; null when nothing is under way. */
  packed: PackedValues | null;
  /** The receiver was given up, and what was under way is back in the sender's own mass. */
  returned: boolean;
}

/** The receiving end of a directed edge: what of the sender's sum is applied already. */
export interface Incoming {
  base: number;
  upTo: number;
  grains: number;
  /** The sender's sum up to `upTo`, as it came; null before the first. */
  packed: PackedValues | null;
}

/** @param transfer any number the sender has used already: an edge begun anew never repeats a number */
export function createOutgoing(transfer: number): Outgoing {
  return { base: transfer, upTo: transfer, grains: 0, packed: null, returned: false };
}

export function createIncoming(): Incoming {
  return { base: 0, upTo: 0, grains: 0, packed: null };
}

/**
 * Moves the base when the newest transfer is acknowledged. An older number says nothing: what came after it was sent
 * as one sum with it.
 */
export function acknowledge(edge: Outgoing, transfer: number): void {
  if (transfer !== edge.upTo || edge.upTo === edge.base || edge.returned) return;
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
