import type { DecisionReport } from '../../worker/letters.ts';

/** Where a sensor's samples go. */
export interface SampleSink {
  /** One row of channel values from `offset`; `truth` is a class index or -1. Never waits. */
  push(values: Float32Array, offset: number, tMs: number, segment: number, truth: number): void;
  /** Says that rows were pushed: call it once per burst. */
  wake(): void;
}

/** A source of samples. */
export interface Sensor {
  /** Delivers samples until it has none left or `signal` aborts. Rejects when the source fails. */
  run(sink: SampleSink, signal: AbortSignal): Promise<void>;
  /** Hears every decision, in order; the report is valid until this returns. */
  decided(report: DecisionReport): void;
}
