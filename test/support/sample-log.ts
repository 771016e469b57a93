import type { SampleSink } from '../../firmware/io/sensors/sensor.ts';

export interface LoggedRow {
  readonly values: readonly number[];
  readonly tMs: number;
  readonly segment: number;
}

/** A sink that keeps every row, and lets a test wait for the n-th. */
export const createSampleLog = (channels: number) => {
  const rows: LoggedRow[] = [];
  let waiters: { count: number; resolve: () => void }[] = [];
  const sink: SampleSink = {
    push: (values, offset, tMs, segment) => {
      rows.push({ values: [...values.subarray(offset, offset + channels)], tMs, segment });
      for (const waiter of waiters) if (rows.length >= waiter.count) waiter.resolve();
      waiters = waiters.filter(({ count }) => rows.length < count);
    },
    wake: () => {},
  };
  const arrived = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (rows.length >= count) resolve();
      else waiters.push({ count, resolve });
    });
  return { rows, sink, arrived };
};
