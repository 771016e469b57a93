import type { LearningOptions } from './options.ts';

/**
 * Parts of learning that can be left out, to see what each is good for:
 *
 * - `replay`: earlier labels are not learned from again, nor the factory's windows; each label teaches alone
 * - `factory`: the windows that the model brings along are not used
 * - `priorities`: all windows of a class are drawn alike
 * - `ewc`: nothing holds parameters where they stood
 * - `stacking`: the linear expert does not read what the frozen model says
 * - `drift`: episodes neither set the pace of learning nor lead to a consolidation
 */
export const learningMechanisms = ['replay', 'factory', 'priorities', 'ewc', 'drift', 'stacking'] as const;
export type LearningMechanism = (typeof learningMechanisms)[number];

const OFF: Readonly<Record<LearningMechanism, Partial<LearningOptions>>> = {
  replay: { batch: 1, factoryWindowsMax: 0 },
  factory: { factoryWindowsMax: 0 },
  priorities: { priorityAlpha: 0 },
  ewc: { lambda: 0 },
  drift: { driftSteers: false },
  stacking: { linearReadsFrozen: false },
};

/** The same way of learning without some of its parts. */
export const learningWithout = (options: LearningOptions, without: readonly LearningMechanism[]): LearningOptions =>
  Object.assign({}, options, ...without.map((name) => OFF[name]));
