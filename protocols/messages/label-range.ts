import Type, { type Static } from 'typebox';
import { Instant } from '../instant.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { ClassName } from '../names.ts';

/**
 * The truth about a stretch of time; QoS 1. The node labels every window it still remembers that lies wholly within:
 * a window that the border cuts in two may hold both truths.
 */
const LabelRangeBody = Type.Object(
  {
    from: Instant,
    to: Instant,
    label: ClassName,
    /** Comes back in the answer. */
    id: Type.Optional(Type.String({ maxLength: LIMITS.nameCharsMax })),
    /** What the sender's clock said when it sent this: with it, the node's own clock may be wrong. */
    sentAt: Type.Optional(Instant),
    /** Who says so. */
    by: Type.Optional(Type.String({ maxLength: LIMITS.nameCharsMax })),
  },
  { additionalProperties: false },
);

export type LabelRangeBody = Static<typeof LabelRangeBody>;

export const LABEL_RANGE = defineMessage('labelRange', LabelRangeBody);
