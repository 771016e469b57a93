import Type, { type Static } from 'typebox';
import type { WrongValue } from './faults.ts';
import { closed, Millis, Share } from './fields.ts';
import type { Sensor } from './sensors.ts';

/** Someone who answers some windows late, as an operator would; only a simulated machine has one built in. */
export const Labeller = Type.Object({ rate: Share, delayMsMin: Millis, delayMsMax: Millis }, closed);

export type Labeller = Static<typeof Labeller>;

/** What is wrong between a labeller, its own fields and the sensor it answers for. */
export const labellerFault = ({ labeller, sensor }: { labeller?: Labeller; sensor: Sensor }): WrongValue | null => {
  if (labeller === undefined) return null;
  if (labeller.delayMsMax < labeller.delayMsMin) {
    return { path: '/labeller/delayMsMax', why: 'must not be below delayMsMin' };
  }
  if (sensor.kind === 'simulated') return null;
  return { path: '/labeller', why: 'answers for the simulated machine only; a recording has its own labelRate' };
};
