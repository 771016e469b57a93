import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Count } from '../numbers.ts';

/**
 * What became of a label for a stretch of time.
 *
 * - `done`: every window has its answer, and what is `stored` is learned and on disk.
 * - `unknownWindow`: no window that is still remembered lies in that time.
 * - `unknownClass`, `malformed`: refused; sending it again is of no use.
 * - `busy`: not accepted now; send it again later.
 */
export const LABEL_RANGE_STATUSES = ['done', 'unknownWindow', 'unknownClass', 'malformed', 'busy'] as const;
export type LabelRangeStatus = (typeof LABEL_RANGE_STATUSES)[number];

/** Answers one label for a stretch of time; QoS 1, never retained. */
const LabelRangeAckBody = Type.Object(
  {
    /** As the label gave it; empty when it gave none. */
    id: Type.String({ maxLength: LIMITS.nameCharsMax }),
    status: Type.Enum([...LABEL_RANGE_STATUSES]),
    /** Windows in that time, and how many of them ended how; they add up. */
    windows: Count,
    stored: Count,
    duplicate: Count,
    /** Had another label before, which stands. */
    conflict: Count,
    /** Forgotten meanwhile, or the node could not store them. */
    refused: Count,
    /** For a person: why, and what to do. */
    message: Type.Optional(Type.String({ maxLength: LIMITS.textBytesMax })),
  },
  { additionalProperties: false },
);

export type LabelRangeAckBody = Static<typeof LabelRangeAckBody>;

export const LABEL_RANGE_ACK = defineMessage('labelRangeAck', LabelRangeAckBody);
