import type { Vitals } from './vitals.ts';

/** Shows which adapter of a pool decides, and how often another one took over. */
export const createPoolReport = (vitals: Vitals, adaptersMax: number): ((adapter: number) => void) => {
  let active = -1;
  return (adapter) => {
    if (adaptersMax === 1 || adapter === active) return;
    vitals.set('adapter', adapter);
    vitals.count('adapterSwitches', active < 0 ? 0 : 1);
    active = adapter;
  };
};
