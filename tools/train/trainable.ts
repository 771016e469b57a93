import { CommandError } from '../errors.ts';
import type { LabelledWindows } from './windows.ts';

/** Fewer windows of a class than this cannot be both learned and held back. */
const WINDOWS_PER_CLASS_MIN = 5;

/** Throws a CommandError that says what is missing unless a classifier can be trained on these windows. */
export function requireTrainable(windows: LabelledWindows): void {
  const complete = windows.count + windows.unlabelled + windows.invalid;
  if (complete === 0) {
    throw new CommandError(
      'noWindow',
      `no node has ${windows.window} rows of one segment in a row: choose a smaller --window`,
    );
  }
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
