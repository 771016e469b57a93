import { ROBUST } from './settings.ts';

/** Why a value is refused before it is mixed: the sender could have avoided both, so it is charged. */
export type ValueFault = 'notFinite' | 'absurd';

/** What is wrong with a value [D], or null. */
export function valueFault(value: Float64Array): ValueFault | null {
  let largest = 0;
  for (let d = 0; d < value.length; d++) {
    const magnitude = Math.abs(value[d]!);
    if (!Number.isFinite(magnitude)) return 'notFinite';
    if (magnitude > largest) largest = magnitude;
  }
  return largest > ROBUST.valueMax ? 'absurd' : null;
}
