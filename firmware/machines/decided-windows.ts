/** When the latest windows were seen, so that a stretch of time can be turned into windows. */
export interface DecidedWindows {
  /** @param endMs monotonic time of the window's last sample */
  add(index: number, endMs: number): void;
  /** Windows wholly within [fromMs, toMs], oldest first. */
  within(fromMs: number, toMs: number): number[];
  /** Monotonic end of the oldest remembered window; null before the first. */
  readonly oldestMs: number | null;
}

/**
 * A ring, addressed by the window's index. @param capacity as many as a label can still reach. @param spanMs from a
 * window's first sample to its last; 0 when unknown: then the end alone decides
 */
export const createDecidedWindows = (capacity: number, spanMs: number): DecidedWindows => {
  const indices = new Float64Array(capacity).fill(-1);
  const ends = new Float64Array(capacity);
  let newest = -1;
  const from = (): number => Math.max(0, newest - capacity + 1);
  const slotOf = (index: number): number => (indices[index % capacity] === index ? index % capacity : -1);
  return {
    add: (index, endMs) => {
      indices[index % capacity] = index;
      ends[index % capacity] = endMs;
      newest = Math.max(newest, index);
    },
    within: (fromMs, toMs) => {
      const found: number[] = [];
      for (let index = from(); index <= newest; index++) {
        const slot = slotOf(index);
        if (slot >= 0 && ends[slot]! <= toMs && ends[slot]! - spanMs >= fromMs) found.push(index);
      }
      return found;
    },
    get oldestMs() {
      for (let index = from(); index <= newest; index++) {
        const slot = slotOf(index);
        if (slot >= 0) return ends[slot]!;
      }
      return null;
    },
  };
};
