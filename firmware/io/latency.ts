import { createHistogram } from 'node:perf_hooks';

/** A minute in µs; a slower decision counts as that. */
const LATENCY_US_MAX = 60_000_000;

/** Distribution of latencies over the life of a node, in bounded memory, with three significant figures. */
export interface Latency {
  record(us: number): void;
  /** The latency that `percent` of 100 decisions stay within, µs; 0 before the first. */
  percentile(percent: number): number;
}

export const createLatency = (): Latency => {
  const histogram = createHistogram({ lowest: 1, highest: LATENCY_US_MAX, figures: 3 });
  let count = 0;
  return {
    record: (us) => {
      histogram.record(Math.min(Math.max(1, Math.round(us)), LATENCY_US_MAX));
      count++;
    },
    percentile: (percent) => (count === 0 ? 0 : histogram.percentile(percent)),
  };
};
