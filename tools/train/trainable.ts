import { CommandError } from '../errors.ts';
import type { LabelledWindows } from './windows.ts';

/** Fewer windows of a class than this cannot be both learned and held back. */
const WINDOWS_PER_CLASS_MIN = 5;

/** Throws a CommandError that says what is missing unless a classifier can be trained on these windows. */
export function requireTrainable(windows: LabelledWindows): void {
  const complete = requireWindow(windows);
  if (windows.count === 0) {
    throw new CommandError(
      'noLabelledWindow',
      `none of ${complete} windows is usable: ${windows.unlabelled} have no label that all rows agree on, ` +
        `${windows.invalid} miss too many samples; label more rows or choose a smaller --window`,
    );
  }
  if (windows.labels.length < 2) {
    throw new CommandError(
      'oneClass',
      `all ${windows.count} labelled windows are "${windows.labels[0]}": a classifier needs at least two classes`,
    );
  }
  windows.labels.forEach((label, index) => {
    const count = windows.truth.filter((truth) => truth === index).length;
    if (count < WINDOWS_PER_CLASS_MIN) {
      throw new CommandError(
        'rareClass',
        `class "${label}" has ${count} of the ${WINDOWS_PER_CLASS_MIN} windows it needs: ` +
          'label more of them, or empty the label',
      );
    }
  });
}

/** Fewer normal windows than this say nothing about what is normal. */
const NORMAL_WINDOWS_MIN = 20;

/** Throws a CommandError that says what is missing unless an autoencoder can be trained on so many normal windows. */
export function requireNormal(windows: LabelledWindows, normal: number): void {
  const complete = requireWindow(windows);
  if (normal >= NORMAL_WINDOWS_MIN) return;
  throw new CommandError(
    'fewNormalWindows',
    `${normal} of ${complete} windows are whole and normal, ${NORMAL_WINDOWS_MIN} are needed: ` +
      'record more, or choose a smaller --window or --stride',
  );
}

/** How many windows are complete, usable or not. */
function requireWindow({ window, count, unlabelled, invalid }: LabelledWindows): number {
  const complete = count + unlabelled + invalid;
  if (complete > 0) return complete;
  throw new CommandError('noWindow', `no node has ${window} rows of one segment in a row: choose a smaller --window`);
}
