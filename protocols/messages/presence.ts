import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { ClassName, Name } from '../names.ts';

const Text = Type.String({ maxLength: LIMITS.textBytesMax });

/**
 * Whether a node is there, and what it runs; retained, QoS 1. The broker publishes the `offline` form itself as the
 * node's will when the connection dies (MQTT 3.1.1 §3.1.2.5). The will is sealed at connection time, so its sequence
 * number is older than the session's last: for presence, the epoch and the order of arrival decide.
 */
const PresenceBody = Type.Object(
  {
    state: Type.Union([Type.Literal('online'), Type.Literal('offline')]),
    /** Version of the node's software. */
    version: Text,
    board: Type.Optional(Text),
    model: Type.Optional(
      Type.Object(
        {
          name: Text,
          /** First 16 hex digits of the SHA-256 of the model file. */
          hash: Type.String({ pattern: '^[0-9a-f]{16}$' }),
          labels: Type.Array(ClassName, { maxItems: LIMITS.classesMax }),
          experts: Type.Array(Name, { maxItems: LIMITS.expertsMax }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export type PresenceBody = Static<typeof PresenceBody>;

export const PRESENCE = defineMessage('presence', PresenceBody);
