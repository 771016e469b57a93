import type { ArenaRequest } from './arena.ts';

/** The part of an interpreter's memory in which tensors and scratch share addresses by lifetime. */
export interface ActivationReport {
  /** What was planned for both together. */
  readonly plannedBytes: number;
  /** Most that is needed at one time, in the layout that the engine uses: no plan can take less. */
  readonly aliveBytesMax: number;
  /** Most that tensors alone, and one operator's scratch alone, need at one time. */
  readonly tensorBytesMax: number;
  readonly scratchBytesMax: number;
}

/** What an interpreter's memory is made of. */
export interface MemoryReport extends ActivationReport {
  /** Packed weights, tables and constants, which last as long as the model; `arenaBytes` is these and the plan. */
  readonly packedBytes: number;
}

/**
 * @param requests blocks of tensors, then blocks of scratch
 * @param firstScratch index of the first block of scratch
 * @param plannedBytes what the planner made of them
 */
export function reportActivations(
  requests: readonly ArenaRequest[],
  firstScratch: number,
  plannedBytes: number,
): ActivationReport {
  const tensors = requests.slice(0, firstScratch);
  const scratch = requests.slice(firstScratch);
  return {
    plannedBytes,
    aliveBytesMax: aliveBytesMax(requests),
    tensorBytesMax: aliveBytesMax(tensors),
    scratchBytesMax: aliveBytesMax(scratch),
  };
}

/** The sum of live blocks is largest when one begins. */
function aliveBytesMax(requests: readonly ArenaRequest[]): number {
  const beginnings = new Set(requests.map(({ first }) => first));
  let most = 0;
  for (const moment of beginnings) {
    const alive = requests.filter(({ first, last }) => first <= moment && moment <= last);
    most = Math.max(
      most,
      alive.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  }
  return most;
}
