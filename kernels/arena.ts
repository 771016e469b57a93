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

/**
 * Lays blocks over one another whose lifetimes do not meet: largest first, each at the lowest free offset (the greedy
 * planner of TFLite Micro, micro/docs/memory_management.md; Pisarchyk & Lee, arXiv 2001.03288, "greedy by size").
 */
export function planArena(requests: readonly ArenaRequest[]): ArenaPlan {
  const order = requests.map((_, index) => index);
  order.sort((a, b) => requests[b]!.bytes - requests[a]!.bytes || a - b);
  const offsets = new Array<number>(requests.length).fill(0);
  /** Kept in order of their start. */
  const placed: Placed[] = [];
  let bytes = 0;
  for (const index of order) {
    const request = requests[index]!;
    const size = Math.ceil(request.bytes / ALIGNMENT) * ALIGNMENT;
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
