import type { MergedLayer } from '../../kernels/adapters/merge-model.ts';
import type { MergeMeasure } from './merge-measure.ts';

export interface MergeReport {
  readonly model: string;
  readonly bytes: number;
  readonly layers: readonly MergedLayer[];
  readonly recording: MergeMeasure | null;
}

/** One adapter of a gateway. */
export interface ListedAdapter {
  readonly adapter: number;
  readonly name: string;
  readonly steps: number;
  readonly pinned: boolean;
  readonly active: boolean;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What merging lost, for a person. */
export function printMerge({ model, bytes, layers, recording }: MergeReport): string {
  const lines = layers.map(({ name, deltaRms, errorRms, unchanged }) => {
    const lost = deltaRms === 0 ? 'nothing to merge' : `error ${percent(errorRms / deltaRms)} of the adapter`;
    return `  ${name.padEnd(24)} ${lost}, ${percent(unchanged)} of the weights as before`;
  });
  if (recording !== null) {
    const { windows, agreement, logitErrorRms, logitChangeRms, base, adapted, merged } = recording;
    lines.push(
      `  ${windows} windows: ${percent(agreement)} decided alike, ` +
        `logits differ by ${logitErrorRms.toPrecision(3)} (rms) ` +
        `where the adapter changes them by ${logitChangeRms.toPrecision(3)}`,
      `  right: base ${percent(base)}, adapter beside it ${percent(adapted)}, merged ${percent(merged)}`,
    );
  }
  return `${model}: ${bytes} bytes, the model as it was included\n${lines.join('\n')}\n`;
}

export function printAdapters(adapters: readonly ListedAdapter[]): string {
  const lines = adapters.map(({ adapter, name, steps, pinned, active }) => {
    const marks = [...(active ? ['active'] : []), ...(pinned ? ['pinned'] : [])].join(', ');
    return `${String(adapter).padStart(4)}  ${name.padEnd(32)} ${String(steps).padStart(8)} steps  ${marks}`.trimEnd();
  });
  return `${lines.join('\n')}\n`;
}
