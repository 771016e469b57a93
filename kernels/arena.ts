/** A block of memory that is needed while operators `first` to `last` run. */
export interface ArenaRequest {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface ArenaPlan {
  /** Offset of each request in the arena, a multiple of 16. */
  readonly offsets: readonly number[];
  /** Size of the arena. */
  readonly bytes: number;
}

interface Placed {
  readonly start: number;
  readonly end: number;
  readonly request: ArenaRequest;
}

const ALIGNMENT = 16;

/** Orders that are tried after the first one, each with the highest block moved to its front. */
const ATTEMPTS = 32;

/**
 * Lays blocks over one another whose lifetimes do not meet: one after the other, each at the lowest free offset. The
 * largest come first (the greedy planner of TFLite Micro, micro/docs/memory_management.md; Pisarchyk & Lee, arXiv
 * 2001.03288, "greedy by size"); while the arena is larger than what is alive at once, the block at its top is placed
 * earlier and all are laid out again.
 */
export function planArena(requests: readonly ArenaRequest[]): ArenaPlan {
  const order = requests.map((_, index) => index);
  order.sort((a, b) => requests[b]!.bytes - requests[a]!.bytes || a - b);
  const least = aliveBytesMax(requests);
  let best = layOutInOrder(requests, order);
  let plan = best;
  for (let attempt = 0; attempt < ATTEMPTS && best.bytes > least; attempt++) {
    const top = order.findIndex((index) => plan.offsets[index]! + padded(requests[index]!) === plan.bytes);
    if (top === 0) break;
    order.unshift(...order.splice(top, 1));
    plan = layOutInOrder(requests, order);
    if (plan.bytes < best.bytes) best = plan;
  }
  return best;
}

/** Most bytes, rounded up to whole alignments, that are alive at one time: no plan can need less. */
function aliveBytesMax(requests: readonly ArenaRequest[]): number {
  // The sum of live blocks is largest when one begins.
  return requests.reduce((most, { first: moment }) => {
    const alive = requests.filter(({ first, last }) => first <= moment && moment <= last);
    return Math.max(
      most,
      alive.reduce((sum, request) => sum + padded(request), 0),
    );
  }, 0);
}

function padded({ bytes }: ArenaRequest): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function layOutInOrder(requests: readonly ArenaRequest[], order: readonly number[]): ArenaPlan {
  const offsets = new Array<number>(requests.length).fill(0);
  /** Kept in order of their start. */
  const placed: Placed[] = [];
  let bytes = 0;
  for (const index of order) {
    const request = requests[index]!;
    const size = padded(request);
    const start = lowestGap(placed, request, size);
    offsets[index] = start;
    const at = placed.findIndex((block) => block.start > start);
    placed.splice(at < 0 ? placed.length : at, 0, { start, end: start + size, request });
    bytes = Math.max(bytes, start + size);
  }
  return { offsets, bytes };
}

function lowestGap(placed: readonly Placed[], request: ArenaRequest, size: number): number {
  let start = 0;
  for (const block of placed) {
    const apart = block.request.last < request.first || block.request.first > request.last;
    if (apart || block.end <= start) continue;
    if (block.start >= start + size) break;
    start = block.end;
  }
  return start;
}
