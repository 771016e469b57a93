import type { Recording } from '../../firmware/io/recording.ts';
import { cutWindows, type LabelledWindows } from './windows.ts';

/** Windows to train on begin at every quarter of the stride: the same data, seen from more moments. */
const DENSITY = 4;

export interface TrainingWindows {
  /** [rows x channels x window] */
  readonly samples: Float32Array;
  /** [rows] index into the labels of the windows they were made denser than. */
  readonly truth: Int16Array;
}

/**
 * Windows of a recording that begin between those of `windows` too, but for those that share a row with one that is
 * held back, or have a label that none of `windows` has.
 */
export function denserWindows(recording: Recording, windows: LabelledWindows, heldBack: Int32Array): TrainingWindows {
  const { window, stride, labels } = windows;
  const fine = cutWindows(recording, window, Math.max(1, Math.floor(stride / DENSITY)));
  const closed = recording.nodes.map(({ rows }) => new Uint8Array(rows));
  for (const i of heldBack) {
    const first = windows.firstRow[i]!;
    closed[windows.node[i]!]!.fill(1, first, first + window);
  }
  const size = windows.channels.length * window;
  const truth: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < fine.count; i += 1) {
    const first = fine.firstRow[i]!;
    const rows = closed[fine.node[i]!]!;
    const label = labels.indexOf(fine.labels[fine.truth[i]!]!);
    // What is held back is at least as long as a window: it cannot lie between the two ends.
    if (label < 0 || rows[first] === 1 || rows[first + window - 1] === 1) continue;
    truth.push(label);
    kept.push(i);
  }
  const samples = new Float32Array(kept.length * size);
  for (const [n, i] of kept.entries()) samples.set(fine.samples.subarray(i * size, (i + 1) * size), n * size);
  return { samples, truth: Int16Array.from(truth) };
}
