import { ROBUST } from './settings.ts';

/** Why a share is refused before it is mixed: all of it the sender could have avoided, so the sender is charged. */
export type ShareFault = 'valueNotFinite' | 'valueAbsurd' | 'weightNotFinite' | 'weightNotPositive' | 'weightAbsurd';

/**
 * What is wrong with incoming mass of the value `value` [D] and weight Δw, or null.
 *
 * @param members live members as the receiver knows them, itself included: all weight there is adds up to their number
 */
export function shareFault(value: Float64Array, weight: number, members: number): ShareFault | null {
  if (!Number.isFinite(weight)) return 'weightNotFinite';
  if (weight <= 0) return 'weightNotPositive';
  if (weight > members) return 'weightAbsurd';
  let largest = 0;
  for (let d = 0; d < value.length; d++) {
    const magnitude = Math.abs(value[d]!);
    if (!Number.isFinite(magnitude)) return 'valueNotFinite';
    if (magnitude > largest) largest = magnitude;
  }
  return largest > ROBUST.valueMax ? 'valueAbsurd' : null;
}
