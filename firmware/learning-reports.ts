import type { GuardPhase } from '../kernels/learning/slow-change-guard.ts';
import type { Vitals } from './vitals.ts';
import type { DecisionReport } from './worker/letters.ts';

const TROUBLE = 'slowChange';

const TEXTS: Readonly<Record<GuardPhase, string | null>> = {
  settling: null,
  learning: null,
  asking:
    'usual windows look ever odder to the shipped model: is it the sensor or the machine? ' +
    'Learning waits: label a recent one normal (go on) or anomaly (take it back)',
  held:
    'a window that passed as normal was labelled an anomaly: what was learned is taken back, ' +
    'and learning waits for a window labelled normal',
};

/**
 * What an anomaly model's learning says of itself, as vitals: `anomalyThreshold` in force, `slowChange` as the share of
 * the rise that is allowed, and the question to a person while it waits for one.
 */
export const createLearningReports = (vitals: Vitals) => ({
  decided({ valid, thresholds, guard, rise }: Pick<DecisionReport, 'valid' | 'thresholds' | 'guard' | 'rise'>): void {
    if (!valid || thresholds.length === 0) return;
    vitals.set('anomalyThreshold', thresholds[thresholds.length - 1]!);
    if (guard === null) return;
    vitals.set('slowChange', rise);
    const text = TEXTS[guard];
    if (text === null) vitals.well(TROUBLE);
    else vitals.trouble(TROUBLE, text);
  },
});
