import { GOSSIP_LIMITS } from './limits.ts';

/** A run of parameters with a scale of its own on the wire. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

/** What one message carries: a slice of the parameters, and its parts counted from the start of the slice. */
export interface Lane extends Part {
  readonly parts: readonly Part[];
}

/**
 * Cuts parameters into slices that fit one message each. Every slice is averaged by itself, with a push-sum weight and
 * edges of its own, one slice a cycle in turn: a message stays small, and a lost one costs its slice only. Small
 * adapters are one slice.
 *
 * @param parts in ascending order, without gaps, from 0
 * @param valuesMax parameters of one slice
 * @throws RangeError when the parts have gaps or need more than `lanesMax` slices
 */
export function lanesOf(parts: readonly Part[], valuesMax: number = GOSSIP_LIMITS.valuesMax): readonly Lane[] {
  const lanes: Lane[] = [];
  let lane: Part[] = [];
  let start = 0;
  let end = 0;
  const close = (): void => {
    if (lane.length > 0) lanes.push({ offset: start, length: end - start, parts: lane });
    lane = [];
    start = end;
  };
  for (const part of parts) {
    if (part.offset !== end || !(part.length > 0)) throw new RangeError(`part at ${part.offset}: ${end} comes next`);
    for (let left = part.length; left > 0; ) {
      if (end - start === valuesMax || lane.length === GOSSIP_LIMITS.partsMax) close();
      const length = Math.min(left, valuesMax - (end - start));
      lane.push({ offset: end - start, length });
      end += length;
      left -= length;
    }
  }
  close();
  if (lanes.length > GOSSIP_LIMITS.lanesMax) {
    throw new RangeError(`${end} parameters are ${lanes.length} messages; ${GOSSIP_LIMITS.lanesMax} are allowed`);
  }
  return lanes;
}
