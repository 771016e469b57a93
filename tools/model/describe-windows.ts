import type { Recording, RecordingNode } from '../../firmware/io/recording.ts';
import { createWindower, type WindowerOptions } from '../../kernels/signal/windower.ts';
import { ANOMALY_LABELS } from '../../protocols/model-card.ts';
import type { LabelledWindows } from '../train/windows.ts';

/** Windows to take statistics of; labels do not matter any more. */
export type Windows = Pick<LabelledWindows, 'channels' | 'window' | 'count' | 'samples'>;

/**
 * Windows of which every row is normal: not labelled, or labelled `normal`.
 *
 * @returns them, and how many were left out because a row has another label or too much is missing
 */
export function cutNormalWindows(
  recording: Recording,
  window: number,
  stride: number,
): { windows: Windows; leftOut: number } {
  const { channels } = recording;
  const normal = recording.labels.indexOf(ANOMALY_LABELS[0]!);
  const parts: Float32Array[] = [];
  let leftOut = 0;
  for (const node of recording.nodes) {
    leftOut += cutNode(node, { channels: channels.length, window, stride }, normal, (samples) =>
      parts.push(samples.slice()),
    );
  }
  const size = channels.length * window;
  const samples = new Float32Array(parts.length * size);
  for (const [at, part] of parts.entries()) samples.set(part, at * size);
  return { windows: { channels, window, count: parts.length, samples }, leftOut };
}

/** Returns how many windows were left out. */
function cutNode(
  { rows, values, segment, label, tMs }: RecordingNode,
  options: WindowerOptions,
  normal: number,
  keep: (samples: Float32Array) => void,
): number {
  const { channels, window } = options;
  const windower = createWindower(options);
  let leftOut = 0;
  /** Latest row with another label. */
  let odd = -1;
  for (let row = 0; row < rows; row++) {
    if (label[row]! >= 0 && label[row] !== normal) odd = row;
    if (!windower.push(values, row * channels, segment[row]!, label[row]!, tMs[row]!)) continue;
    if (windower.valid && odd <= row - window) keep(windower.samples);
    else leftOut++;
  }
  return leftOut;
}
