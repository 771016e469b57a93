import type { Recording, RecordingNode } from '../../firmware/io/recording.ts';
import { createWindower } from '../../kernels/signal/windower.ts';

/** Labelled windows in the order of the recording. */
export interface LabelledWindows {
  readonly channels: readonly string[];
  /** Class names, sorted: their order must not depend on which row came first. */
  readonly labels: readonly string[];
  readonly window: number;
  readonly stride: number;
  /** Milliseconds between rows, 0 when they are not even. */
  readonly sampleIntervalMs: number;
  readonly count: number;
  /** [count x channels x window], channel-major within a window. */
  readonly samples: Float32Array;
  /** [count] index into `labels`. */
  readonly truth: Int16Array;
  /** [count] index of the node. */
  readonly node: Int32Array;
  /** [count] first row of the window in its node's rows. */
  readonly firstRow: Int32Array;
  /** Complete windows left out: rows without one agreed label, or too many samples missing. */
  readonly unlabelled: number;
  readonly invalid: number;
}

/** Cuts a recording into windows and keeps those whose rows agree on a label. */
export function cutWindows(recording: Recording, window: number, stride: number): LabelledWindows {
  const found: { node: number; row: number; truth: number }[] = [];
  const parts: Float32Array[] = [];
  let unlabelled = 0;
  let invalid = 0;
  recording.nodes.forEach((node, n) => {
    const windower = createWindower({ channels: recording.channels.length, window, stride });
    for (let row = 0; row < node.rows; row += 1) {
      const offset = row * recording.channels.length;
      if (!windower.push(node.values, offset, node.segment[row]!, node.label[row]!, node.tMs[row]!)) continue;
      if (windower.truth < 0) unlabelled += 1;
      else if (!windower.valid) invalid += 1;
      else {
        found.push({ node: n, row: row - window + 1, truth: windower.truth });
        parts.push(windower.samples.slice());
      }
    }
  });
  const labels = [...new Set(found.map((w) => recording.labels[w.truth]!))].sort();
  const size = recording.channels.length * window;
  const samples = new Float32Array(parts.length * size);
  for (const [i, part] of parts.entries()) samples.set(part, i * size);
  return {
    channels: recording.channels,
    labels,
    window,
    stride,
    sampleIntervalMs: intervalOf(recording.nodes),
    count: found.length,
    samples,
    truth: Int16Array.from(found, (w) => labels.indexOf(recording.labels[w.truth]!)),
    node: Int32Array.from(found, (w) => w.node),
    firstRow: Int32Array.from(found, (w) => w.row),
    unlabelled,
    invalid,
  };
}

/** The median step between rows of one segment when nine steps in ten lie within 1 % of it, else 0. */
function intervalOf(nodes: readonly RecordingNode[]): number {
  const steps: number[] = [];
  for (const { rows, segment, tMs } of nodes) {
    for (let i = 1; i < rows && steps.length < 10_000; i += 1) {
      if (segment[i] === segment[i - 1]) steps.push(tMs[i]! - tMs[i - 1]!);
    }
  }
  if (steps.length === 0) return 0;
  const median = steps.sort((a, b) => a - b)[steps.length >> 1]!;
  const even = steps.filter((step) => Math.abs(step - median) <= median * 0.01).length;
  return median > 0 && even >= steps.length * 0.9 ? Number(median.toPrecision(6)) : 0;
}
