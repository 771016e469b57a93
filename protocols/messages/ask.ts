import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { ClassName } from '../names.ts';
import { Probability } from '../numbers.ts';
import { WindowId } from '../window-id.ts';

const closed = { additionalProperties: false } as const;

/** A window whose label would teach the node most. */
const Question = Type.Object(
  {
    window: WindowId,
    /** Unix ms when it was decided, as the gateway believes it. Advisory. As far as a Date reaches. */
    time: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
    /** What the node decided, and how sure it was. */
    label: ClassName,
    confidence: Probability,
    /** How much the label would teach. */
    value: Probability,
  },
  closed,
);

/** All questions that are open, the latest last, whenever that changes; QoS 1, retained. A label answers one. */
const AskBody = Type.Object({ windows: Type.Array(Question, { maxItems: LIMITS.asksMax }) }, closed);

export type AskBody = Static<typeof AskBody>;

export const ASK = defineMessage('ask', AskBody);
