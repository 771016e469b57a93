import type { Vitals } from './vitals.ts';
import type { LearningCounts } from './worker/learning-counts.ts';

/** Shows how the present worker's learning goes among the counters, once there is something to show. */
export const showLearning = (vitals: Vitals, { taken, owed, dropped, spentMs }: LearningCounts): void => {
  if (taken + owed + dropped === 0) return;
  vitals.set('learningSteps', taken);
  vitals.set('learningOwed', owed);
  vitals.set('learningDropped', dropped);
  vitals.set('learningMs', spentMs);
};
