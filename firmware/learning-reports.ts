import type { GuardPhase } from '../kernels/learning/slow-change-guard.ts';
import { createPoolReport } from './pool-report.ts';
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
 * What learning says of itself with every decision, as vitals: which adapter of a pool decides; of an anomaly model the
 * `anomalyThreshold` in force, `slowChange` as the share of the rise that is allowed, and the question to a person
 * while it waits for one.
 */
export const createLearningReports = (vitals: Vitals, adaptersMax: number) => {
  const reportAdapter = createPoolReport(vitals, adaptersMax);
  return {
    decided({ valid, adapter, thresholds, guard, rise }: Reported): void {
      reportAdapter(adapter);
      if (!valid || thresholds.length === 0) return;
      vitals.set('anomalyThreshold', thresholds[thresholds.length - 1]!);
      if (guard === null) return;
      vitals.set('slowChange', rise);
      const text = TEXTS[guard];
      if (text === null) vitals.well(TROUBLE);
      else vitals.trouble(TROUBLE, text);
    },
  };
};

type Reported = Pick<DecisionReport, 'valid' | 'adapter' | 'thresholds' | 'guard' | 'rise'>;
