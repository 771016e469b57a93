import Type from 'typebox';
import { closed, Millis, Share } from './fields.ts';

/** Someone who answers some windows late, as an operator would; only a simulated machine has one built in. */
export const Labeller = Type.Object({ rate: Share, delayMsMin: Millis, delayMsMax: Millis }, closed);
