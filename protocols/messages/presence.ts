import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage, nextVersion } from '../message.ts';
import { ClassName, Name } from '../names.ts';
import { Count } from '../numbers.ts';

const Text = Type.String({ maxLength: LIMITS.textBytesMax });

const closed = { additionalProperties: false } as const;
/** First 8 bytes of a hash. */
const Digest = Type.String({ pattern: '^[0-9a-f]{16}$' });

/**
 * Whether a node is there, and what it runs; retained, QoS 1. The broker publishes the `offline` form itself as the
 * node's will when the connection dies (MQTT 3.1.1 §3.1.2.5). The will is sealed at connection time, so its sequence
 * number is older than the session's last: for presence, the epoch and the order of arrival decide.
 */
const common = {
  state: Type.Union([Type.Literal('online'), Type.Literal('offline')]),
  /** Version of the node's software. */
  version: Text,
  board: Type.Optional(Text),
  model: Type.Optional(
    Type.Object(
      {
        name: Text,
        /** Of the model file, SHA-256. */
        hash: Digest,
        labels: Type.Array(ClassName, { maxItems: LIMITS.classesMax }),
        experts: Type.Array(Name, { maxItems: LIMITS.expertsMax }),
      },
      closed,
    ),
  ),
};

const PresenceV1 = Type.Object(common, closed);

const PresenceV2 = Type.Object(
  {
    ...common,
    /** Of a node that shares what it learns. */
    mesh: Type.Optional(
      Type.Object(
        {
          /** Only nodes of one lineage average with each other: model, seed of A and layout. */
          lineage: Digest,
          /** Rises whenever the node lost its state. */
          generation: Count,
          /** In an open mesh, where nobody vouches for it: the raw Ed25519 key that the node signs with. */
          key: Type.Optional(bytesType(32, 32)),
        },
        closed,
      ),
    ),
  },
  closed,
);

export type PresenceBody = Static<typeof PresenceV2>;

export const PRESENCE = nextVersion(defineMessage('presence', PresenceV1), PresenceV2, (old) => old);
