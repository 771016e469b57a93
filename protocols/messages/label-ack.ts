import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';

/**
 * What became of a label.
 *
 * - `stored`: learned from, and on disk. Only now may the sender forget it.
 * - `duplicate`: the same label for the same window is already on disk.
 * - `conflict`: another label for that window was there first and stands; so say all who named themselves together.
 * - `unknownClass`, `unknownWindow`, `malformed`: refused; sending it again is of no use.
 * - `busy`: not accepted now; send it again later.
 */
export const LABEL_STATUSES = [
  'stored',
  'duplicate',
  'conflict',
  'unknownClass',
  'unknownWindow',
  'malformed',
  'busy',
] as const;
export type LabelStatus = (typeof LABEL_STATUSES)[number];

/** Answers one label; QoS 1, never retained. */
const LabelAckBody = Type.Object(
  {
    /** As the label gave it; empty when the label was too malformed to say. */
    window: Type.String({ maxLength: LIMITS.nameCharsMax }),
    status: Type.Enum([...LABEL_STATUSES]),
    /** For a person: why, and what to do. */
    message: Type.Optional(Type.String({ maxLength: LIMITS.textBytesMax })),
  },
  { additionalProperties: false },
);

export type LabelAckBody = Static<typeof LabelAckBody>;

export const LABEL_ACK = defineMessage('labelAck', LabelAckBody);
