import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Serial } from './enrolment.ts';

/**
 * Every enrolment that the operator has taken back, in full each time; retained, QoS 1, signed by the root. A lower
 * counter than the last one seen is an old list played again.
 */
const RevocationBody = Type.Object(
  {
    counter: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    serials: Type.Array(Serial, { maxItems: LIMITS.revokedMax, uniqueItems: true }),
  },
  { additionalProperties: false },
);

export type RevocationBody = Static<typeof RevocationBody>;

export const REVOCATION = defineMessage('revocation', RevocationBody);
