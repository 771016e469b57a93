import { countAllocations } from '../../firmware/worker/count-allocations.ts';

/** Runs `action` and counts the typed arrays, views and buffers that it makes. */
export function countTypedArrays(action: () => void): number {
  const count = countAllocations();
  try {
    action();
    return count.total();
  } finally {
    count.restore();
  }
}
