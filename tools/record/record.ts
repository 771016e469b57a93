import { setInterval } from 'node:timers/promises';
import type { SampleSink } from '../../firmware/io/sensors/sensor.ts';
import type { RecordSource } from './record-source.ts';
import type { RecordingWriter } from './recording-writer.ts';

/** What a power cut may cost. */
const FLUSH_MS = 1_000;
/** A sensor that does not deliver must not keep the command waiting for its last second. */
const GRACE_MS = 2_000;

export interface RecordOptions {
  readonly source: RecordSource;
  readonly writer: RecordingWriter;
  /** Time to record; null: until the source ends or `stop` aborts. */
  readonly seconds: number | null;
  /** The label of every row; null: what the source knows. */
  readonly label: string | null;
  /** Name of the first segment, where the source has no names of its own. */
  readonly segment: string | null;
  readonly stop: AbortSignal;
}

export interface RecordReport {
  readonly rows: number;
  readonly segments: number;
  /** Cells without a number. */
  readonly missing: number;
}

/** Writes what a sensor gives until the time is over, and closes the file. */
export const record = async (options: RecordOptions): Promise<RecordReport> => {
  const { source, writer, seconds, label, stop } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const untilMs = seconds === null ? Number.POSITIVE_INFINITY : seconds * 1_000;
  const late = seconds === null ? undefined : setTimeout(() => over.abort(), untilMs + GRACE_MS);
  const segments = createSegments(source, options.segment);
  const report = { rows: 0, missing: 0 };
  const sink: SampleSink = {
    push: (values, offset, tMs, segment, truth) => {
      if (source.timed && tMs >= untilMs) over.abort();
      if (signal.aborted) return;
      const missing = countMissing(values, offset, source.channels.length);
      const name = segments.of(segment, missing === source.channels.length);
      if (name === null) return;
      report.rows++;
      report.missing += missing;
      writer.write({ segment: name, tMs, label: label ?? source.labels[truth] ?? '', values, offset });
    },
    wake: () => {},
  };
  try {
    const flushing = flushRegularly(writer, signal);
    // A full disk ends the recording, and not at its end only.
    flushing.catch(() => over.abort());
    await source.sensor.run(sink, signal);
    over.abort();
    await flushing;
  } finally {
    clearTimeout(late);
    await writer.close();
  }
  return { ...report, segments: segments.count };
};

const countMissing = (values: Float32Array, offset: number, channels: number): number => {
  let missing = 0;
  for (let channel = 0; channel < channels; channel++) if (Number.isNaN(values[offset + channel]!)) missing++;
  return missing;
};

/**
 * Names the segment of each row. A live source falls silent: rows without any sample are not recorded, and what comes
 * after them is a segment of its own, so that no window reaches over the gap.
 */
const createSegments = ({ segments, timed }: RecordSource, base: string | null) => {
  const live = timed && segments === null;
  let last: number | null = null;
  let silent = false;
  let count = 0;
  return {
    get count() {
      return count;
    },
    of: (segment: number, empty: boolean): string | null => {
      if (live && empty) {
        silent = true;
        return null;
      }
      if (segment !== last || silent) count++;
      last = segment;
      silent = false;
      if (base === null) return segments?.[segment] ?? String(count);
      return count === 1 ? base : `${base}-${count}`;
    },
  };
};

const flushRegularly = async (writer: RecordingWriter, signal: AbortSignal): Promise<void> => {
  try {
    for await (const _ of setInterval(FLUSH_MS, undefined, { signal })) await writer.flush();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};
