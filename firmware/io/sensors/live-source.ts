import type { ChannelRules } from '../../machines/channel-rules.ts';
import type { Clock } from '../clock.ts';

/** Time for what waits: the clock, and a sleep that a test can end. */
export interface LiveTime extends Clock {
  /** Resolves after so many ms, and at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What a live source tells the sensor that it belongs to. Channels are counted as the source lists them. */
export interface SourcePort {
  readonly time: LiveTime;
  /** The first row's time: sources that ask for values do so on the grid of the rows. */
  readonly beganMs: number;
  /** A sample as it was measured; `atMs` on the monotonic clock. NaN: known to be missing. */
  sample(channel: number, value: number, atMs: number): void;
  /** All samples of one moment have been given: a row of its own, where rows are not made by the clock. */
  row(atMs: number): void;
  /** Why a channel has no value at present; empty when it has one again. */
  reason(channel: number, text: string): void;
  /** Something from outside that could not be used. */
  refused(): void;
  /** What is wrong with the source as a whole, null when all is well again. */
  trouble(text: string | null): void;
}

/** Where the values of some channels come from. */
export interface LiveSource {
  /** Kind of the source, for a person. */
  readonly name: string;
  readonly channels: readonly ChannelRules[];
  /** How long after its time a sample may come, in the ordinary course of things. */
  readonly delayMs: number;
  /**
   * Delivers samples until `signal` aborts. Resolves before that when there will never be another one; rejects when
   * the source cannot be used at present, and is run again later.
   */
  run(port: SourcePort, signal: AbortSignal): Promise<void>;
}
