import type { MessageType } from '../../protocols/message.ts';
import { ADAPTER } from '../../protocols/messages/adapter.ts';
import { ALARM } from '../../protocols/messages/alarm.ts';
import { ALARM_ACKNOWLEDGE } from '../../protocols/messages/alarm-acknowledge.ts';
import { ASK } from '../../protocols/messages/ask.ts';
import { DECISION } from '../../protocols/messages/decision.ts';
import { ENROLMENT } from '../../protocols/messages/enrolment.ts';
import { GOSSIP } from '../../protocols/messages/gossip.ts';
import { LABEL } from '../../protocols/messages/label.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { LABEL_RANGE } from '../../protocols/messages/label-range.ts';
import { LABEL_RANGE_ACK } from '../../protocols/messages/label-range-ack.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { PUBLICATION } from '../../protocols/messages/publication.ts';
import { REVOCATION } from '../../protocols/messages/revocation.ts';
import { TELEMETRY } from '../../protocols/messages/telemetry.ts';
import { TREE } from '../../protocols/messages/tree.ts';
import { UPDATE } from '../../protocols/messages/update.ts';

/** Every kind of message there is, by its name on the wire; a test holds this to the folder protocols/messages. */
export const KINDS: ReadonlyMap<string, MessageType<unknown>> = new Map(
  (
    [
      ADAPTER,
      ALARM,
      ALARM_ACKNOWLEDGE,
      ASK,
      DECISION,
      ENROLMENT,
      GOSSIP,
      LABEL,
      LABEL_ACK,
      LABEL_RANGE,
      LABEL_RANGE_ACK,
      PRESENCE,
      PUBLICATION,
      REVOCATION,
      TELEMETRY,
      TREE,
      UPDATE,
    ] as readonly MessageType<unknown>[]
  ).map((type) => [type.kind, type]),
);
