import type { Stretch } from './chart-data.ts';

/** Factory deviations: a stretch of drift begins beyond the first and ends below the second. */
const FAR = 1;
const NEAR = 0.8;

/**
 * Stretches in which the stream was far from the factory, by its distance at each point of a curve.
 *
 * @param at [points] windows up to each point; @param distance [points] mean distance since the point before
 */
export const driftStretches = (at: readonly number[], distance: readonly (number | null)[]): Stretch[] => {
  const stretches: Stretch[] = [];
  let began: number | null = null;
  for (const [p, far] of distance.entries()) {
    if (far === null) continue;
    if (began === null && far > FAR) began = at[p - 1] ?? 0;
    else if (began !== null && far < NEAR) {
      stretches.push([began, at[p - 1]!]);
      began = null;
    }
  }
  if (began !== null) stretches.push([began, at.at(-1)!]);
  return stretches;
};
