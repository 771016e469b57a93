/** How far nodes are from one another: root mean square over coordinates of the deviation from their mean. */
export function spreadOf(values: readonly Float64Array[]): number {
  const size = values[0]?.length ?? 0;
  let sum = 0;
  for (let d = 0; d < size; d++) {
    const mean = values.reduce((total, value) => total + value[d]!, 0) / values.length;
    sum += values.reduce((total, value) => total + (value[d]! - mean) ** 2, 0) / values.length;
  }
  return size === 0 ? 0 : Math.sqrt(sum / size);
}

/** Largest difference of any value from `from` in any coordinate. */
export function farthest(values: readonly Float64Array[], from: Float64Array): number {
  let most = 0;
  for (const value of values) {
    for (let d = 0; d < value.length; d++) most = Math.max(most, Math.abs(value[d]! - from[d]!));
  }
  return most;
}

const SHRINK = 0.5;

/**
 * Whether spread falls geometrically until it is at `floor`: the lowest that it ever was has halved a window later, at
 * least. A single cycle may throw it back, as a node that comes back does, or one whose weight loss has made small.
 *
 * @param spread at the start and after each cycle. @param window cycles
 */
export function shrinks(spread: readonly number[], floor: number, window: number): boolean {
  let low = Number.POSITIVE_INFINITY;
  const lows = spread.map((value) => {
    low = Math.min(low, value);
    return low;
  });
  return lows.every((value, at) => {
    const later = lows[at + window];
    return later === undefined || later <= Math.max(floor, SHRINK * value);
  });
}
