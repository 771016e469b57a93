import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';

/** A person has seen an alarm; QoS 1. What came of it is seen on the alarm topic. */
const AlarmAcknowledgeBody = Type.Object(
  {
    alarm: Name,
    /** Who says so. */
    by: Type.Optional(Type.String({ maxLength: LIMITS.nameCharsMax })),
  },
  { additionalProperties: false },
);

export type AlarmAcknowledgeBody = Static<typeof AlarmAcknowledgeBody>;

export const ALARM_ACKNOWLEDGE = defineMessage('alarmAcknowledge', AlarmAcknowledgeBody);
