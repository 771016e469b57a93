import { setTimeout as pause } from 'node:timers/promises';
import { errorMessage, NodeError } from '../../errors.ts';
import { ChannelHealth } from '../../machines/channel-health.ts';
import { Resampler } from '../../machines/resampler.ts';
import { RowClock } from '../../machines/row-clock.ts';
import { createSensorTroubles } from '../../sensor-troubles.ts';
import type { Vitals } from '../../vitals.ts';
import { systemClock } from '../clock.ts';
import type { LiveSource, LiveTime, SourcePort } from './live-source.ts';
import type { SampleSink, Sensor } from './sensor.ts';

/** Often enough for a person, seldom enough for thousands of channels. */
const CHECK_MS = 250;
/** A source that fails is opened again after this, and after twice as long each time that it fails again. */
const REOPEN_MS_MIN = 1_000;
const REOPEN_MS_MAX = 60_000;
/** Faults that time does not heal. */
const FATAL: readonly string[] = ['sensorMismatch', 'inputFailed', 'brokerUrl'];

export interface LiveOptions {
  readonly sources: readonly LiveSource[];
  /** Column of each channel in a row, in the order of the sources and their channels. */
  readonly columns: readonly number[];
  /** Rows per second; null: a row for each that the (only) source gives. */
  readonly rateHz: number | null;
  /** How long after its time a row is put together; that of the slowest source when left out. */
  readonly delayMs?: number | undefined;
  /** Samples that may wait in all channels together. */
  readonly queueSamples: number;
  readonly time: LiveTime;
  readonly vitals: Vitals;
}

export const systemTime = (): LiveTime => ({
  ...systemClock(),
  sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
});

/**
 * A sensor made of live sources: every sample is judged, every channel brought onto the rows' clock, and what is wrong
 * is said. It goes on whatever its sources do; it ends with `signal`, or when a source has come to its end for good.
 */
export const createLiveSensor = (options: LiveOptions): Sensor => ({
  decided: () => {},
  run: async (sink, signal) => {
    const live = new LiveRun(options, sink);
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    const sources = options.sources.map((source, at) => live.keepRunning(source, at, stop));
    try {
      await Promise.race([live.pace(stop), ...sources]);
    } finally {
      ended.abort();
      await Promise.allSettled(sources);
      live.finish();
    }
  },
});

class LiveRun {
  readonly #health: ChannelHealth;
  readonly #resampler: Resampler;
  readonly #troubles: ReturnType<typeof createSensorTroubles>;
  readonly #clock: RowClock | null;
  readonly #row: Float32Array;
  readonly #columns: Int32Array;
  readonly #beganMs: number;
  #missing = 0;
  #refused = 0;
  #pushed = false;

  constructor(
    private readonly options: LiveOptions,
    private readonly sink: SampleSink,
  ) {
    const { sources, columns, rateHz, time, vitals, queueSamples } = options;
    const delayMs = options.delayMs ?? Math.max(...sources.map((source) => source.delayMs));
    // In the order of the row from here on.
    const rules = sources.flatMap((source) => source.channels);
    const sorted = rules.map((_, column) => rules[columns.indexOf(column)]!);
    this.#beganMs = time.monotonicMs();
    this.#health = new ChannelHealth(sorted, this.#beganMs);
    this.#resampler = new Resampler(sorted, queueSamples);
    this.#troubles = createSensorTroubles(sorted, { vitals, unixMs: time.unixMs });
    this.#clock =
      rateHz === null ? null : new RowClock({ intervalMs: 1_000 / rateHz, delayMs, beganMs: this.#beganMs });
    this.#row = new Float32Array(sorted.length).fill(Number.NaN);
    this.#columns = Int32Array.from(columns);
  }

  /** Makes rows as they fall due, and looks after the channels, until the signal aborts. */
  async pace(signal: AbortSignal): Promise<void> {
    const { time } = this.options;
    let nextCheckMs = this.#beganMs;
    while (!signal.aborted) {
      const nowMs = time.monotonicMs();
      this.#rowsDue(nowMs);
      if (nowMs >= nextCheckMs) {
        this.#check(nowMs);
        nextCheckMs = nowMs + CHECK_MS;
      }
      await time.sleep(Math.min(this.#clock?.waitMs(nowMs) ?? CHECK_MS, CHECK_MS), signal);
    }
  }

  /** Runs a source, and runs it again when it fails; resolves when it has come to its end, or the signal aborts. */
  async keepRunning(source: LiveSource, at: number, signal: AbortSignal): Promise<void> {
    const { time } = this.options;
    const port = this.#portOf(source, at);
    let waitMs = REOPEN_MS_MIN;
    while (!signal.aborted) {
      const openedMs = time.monotonicMs();
      try {
        return await source.run(port, signal);
      } catch (error) {
        if (error instanceof NodeError && FATAL.includes(error.code)) throw error;
        port.trouble(`${source.name}: ${errorMessage(error)}; trying again`);
        this.options.vitals.count('sensorReopened');
      }
      if (time.monotonicMs() - openedMs > REOPEN_MS_MAX) waitMs = REOPEN_MS_MIN;
      await time.sleep(waitMs, signal);
      waitMs = Math.min(2 * waitMs, REOPEN_MS_MAX);
    }
  }

  finish(): void {
    this.#count();
    this.sink.wake();
  }

  #portOf({ name }: LiveSource, at: number): SourcePort {
    const { time, sources, vitals } = this.options;
    const first = sources.slice(0, at).reduce((sum, { channels }) => sum + channels.length, 0);
    const columns = this.#columns;
    const key = at === 0 ? `source.${name}` : `source.${name}-${at + 1}`;
    return {
      time,
      beganMs: this.#beganMs,
      sample: (channel, value, atMs) => this.#sample(columns[first + channel]!, value, atMs),
      row: (atMs) => this.#rowOfItsOwn(atMs),
      reason: (channel, text) => this.#troubles.reason(columns[first + channel]!, text),
      refused: () => {
        this.#refused++;
      },
      trouble: (text) => (text === null ? vitals.well(key) : vitals.trouble(key, text)),
    };
  }

  #sample(column: number, sample: number, atMs: number): void {
    const value = this.#health.take(column, sample, atMs);
    if (this.#clock === null) this.#row[column] = value;
    else this.#resampler.push(column, value, atMs);
  }

  #rowOfItsOwn(atMs: number): void {
    if (this.#clock !== null) return;
    for (const value of this.#row) if (Number.isNaN(value)) this.#missing++;
    this.sink.push(this.#row, 0, atMs - this.#beganMs, 0, -1);
    this.sink.wake();
    this.#row.fill(Number.NaN);
  }

  #rowsDue(nowMs: number): void {
    const clock = this.#clock;
    if (clock === null) return;
    while (clock.next(nowMs)) {
      if (clock.skippedMs > 0) this.#health.excuse(clock.skippedMs);
      this.#missing += this.#resampler.row(clock.atMs, this.#row, 0);
      this.sink.push(this.#row, 0, clock.tMs, clock.segment, -1);
      this.#pushed = true;
    }
    if (this.#pushed) this.sink.wake();
    this.#pushed = false;
  }

  #check(nowMs: number): void {
    this.#health.check(nowMs, (change) => this.#troubles.changed(change, nowMs - change.sinceMs));
    this.#count();
  }

  #count(): void {
    const { vitals } = this.options;
    vitals.set('sensorMissing', this.#missing);
    vitals.set('sensorRefused', this.#refused);
    vitals.set('sensorDropped', this.#resampler.dropped);
    vitals.set('sensorGaps', this.#health.gaps);
    vitals.set('sensorStuck', this.#health.stuck);
    vitals.set('sensorOutOfRange', this.#health.outOfRange);
    vitals.set('sensorNotNumbers', this.#health.notNumbers);
    vitals.set('sensorPauses', this.#clock?.pauses ?? 0);
  }
}
