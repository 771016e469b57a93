import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { ModelCard } from '../../../protocols/model-card.ts';
import { NodeError } from '../../errors.ts';
import type { Reveal } from '../../reveal.ts';
import type { DecisionReport } from '../../worker/letters.ts';
import type { RecordingNode } from '../recording.ts';
import type { SampleSink, Sensor } from './sensor.ts';

/** The worker owes a decision this soon after a window is complete, learning of all that is owed included. */
const DECISION_MS_MAX = 10_000;

export interface RecordingSensorOptions {
  readonly rows: RecordingNode;
  readonly channels: number;
  readonly card: ModelCard;
  /** Model class of each label of the recording, -1 when the model does not know it. */
  readonly classes: readonly number[];
  readonly speed: number | 'max';
  readonly reveal: Reveal;
  /** Says what was true about a window; resolves when the node has answered. */
  readonly label: (index: number, label: number) => Promise<void>;
  /** Null while decisions are taken as fast as they come; else resolves when they are again. */
  readonly room: () => Promise<void> | null;
}

/**
 * Plays one node of a recording into the node. At full speed it goes in lockstep: the rows of one window, its decision,
 * its label if that is revealed, then the next rows; so that every run learns the same at the same window, as `replay`
 * does. At a given speed, rows come by their time stamps and labels when they come.
 */
export const createRecordingSensor = (options: RecordingSensorOptions): Sensor => {
  const { rows, channels, card, classes, speed, reveal } = options;
  const lockstep = speed === 'max';
  let waiter: ((report: DecisionReport) => void) | null = null;
  let failure: unknown = null;

  const pushRow = (sink: SampleSink, row: number): void => {
    const label = rows.label[row]!;
    const truth = label < 0 ? -1 : classes[label]!;
    sink.push(rows.values, row * channels, rows.tMs[row]!, rows.segment[row]!, truth);
  };

  const revealed = (report: DecisionReport): number => (report.truth >= 0 && reveal.next() ? report.truth : -1);

  /** Resolves with the decision on the window just completed: its index, and its class if that is revealed. */
  const decisionOn = (row: number): Promise<{ index: number; label: number }> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        waiter = null;
        reject(new NodeError('decisionLate', `no decision on the window ending at row ${row + 1} of the recording`));
      }, DECISION_MS_MAX);
      waiter = (report) => {
        clearTimeout(late);
        waiter = null;
        resolve({ index: report.index, label: revealed(report) });
      };
    });

  const playLockstep = async (sink: SampleSink, signal: AbortSignal): Promise<void> => {
    const completes = windowCounter(card);
    let windows = 0;
    for (let row = 0; row < rows.rows && !signal.aborted; row++) {
      pushRow(sink, row);
      if (!completes(rows.segment[row]!)) continue;
      windows++;
      const decision = decisionOn(row);
      sink.wake();
      const { index, label } = await decision;
      if (label >= 0) await options.label(index, label);
      const room = options.room();
      if (room !== null) await room;
    }
    if (windows === 0 && !signal.aborted) {
      const message = `node ${rows.node} has no ${card.window} rows in a row in one segment: nothing to decide`;
      throw new NodeError('noWindow', message);
    }
  };

  const playPaced = async (sink: SampleSink, signal: AbortSignal, factor: number): Promise<void> => {
    let began = performance.now();
    for (let row = 0; row < rows.rows && !signal.aborted && failure === null; row++) {
      const newSegment = row === 0 || rows.segment[row] !== rows.segment[row - 1];
      if (newSegment) began = performance.now() - rows.tMs[row]! / factor;
      const early = began + rows.tMs[row]! / factor - performance.now();
      if (early > 1) {
        sink.wake();
        await pause(early, undefined, { signal }).catch(() => {});
      }
      pushRow(sink, row);
    }
    sink.wake();
    if (failure !== null) throw failure;
  };

  return {
    run: (sink, signal) => (lockstep ? playLockstep(sink, signal) : playPaced(sink, signal, speed)),
    decided(report) {
      if (lockstep) return waiter?.(report);
      const label = revealed(report);
      if (label < 0) return;
      options.label(report.index, label).catch((error: unknown) => {
        failure ??= error;
      });
    },
  };
};

/** Says for each row, given its segment, whether it completes a window: the windower's rule. */
const windowCounter = ({ window, stride }: ModelCard): ((segment: number) => boolean) => {
  let segment = Number.NaN;
  let count = 0;
  return (next) => {
    if (next !== segment) count = 0;
    segment = next;
    count++;
    return count >= window && (count - window) % stride === 0;
  };
};
