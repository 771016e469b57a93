import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { ClassName } from '../names.ts';
import { Probability } from '../numbers.ts';
import { WindowId } from '../window-id.ts';

/** The truth about one window, from an operator, a PLC or a later measurement; QoS 1, so it may arrive twice. */
const LabelBody = Type.Object(
  {
    window: WindowId,
    label: ClassName,
    /** Who says so: labels of one window by different people are pooled, and each has a track record. */
    by: Type.Optional(Type.String({ maxLength: LIMITS.nameCharsMax })),
    /** How sure they are. */
    confidence: Type.Optional(Probability),
  },
  { additionalProperties: false },
);

export type LabelBody = Static<typeof LabelBody>;

export const LABEL = defineMessage('label', LabelBody);
