import type { Recording } from '../../firmware/io/recording.ts';
import { ANOMALY_LABELS } from '../../protocols/model-card.ts';
import { cutWindows, type LabelledWindows } from './windows.ts';

const [NORMAL = '', ANOMALY = ''] = ANOMALY_LABELS;

/** Windows of which every row is normal (not labelled, or labelled `normal`), or every row is not. */
export function normalAndOther(recording: Recording, window: number, stride: number): LabelledWindows {
  const normal = recording.labels.indexOf(NORMAL);
  const nodes = recording.nodes.map((node) => ({
    ...node,
    label: node.label.map((label) => (label < 0 || label === normal ? 0 : 1)),
  }));
  return cutWindows({ ...recording, labels: [NORMAL, ANOMALY], nodes }, window, stride);
}

/** Those of `rows`, or of all windows, that are normal or are not. */
export function rowsThatAre(kind: 'normal' | 'other', windows: LabelledWindows, rows?: Int32Array): Int32Array {
  const normal = windows.labels.indexOf(NORMAL);
  const all = rows ?? Int32Array.from({ length: windows.count }, (_, i) => i);
  return all.filter((row) => (windows.truth[row] === normal) === (kind === 'normal'));
}
