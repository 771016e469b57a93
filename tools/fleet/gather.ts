import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import type { MessageType } from '../../protocols/message.ts';
import { PRESENCE, type PresenceBody } from '../../protocols/messages/presence.ts';
import { TELEMETRY, type TelemetryBody } from '../../protocols/messages/telemetry.ts';
import { parseTopic, revocationTopic, topicFilter } from '../../protocols/topics.ts';
import { deskClientId } from '../broker/desk-identity.ts';

const CONNECT_MS_MAX = 3_000;
/** Ten times the largest site that one broker serves; what more says is not ours. */
const NODES_MAX = 10_000;

/** What one gateway says of itself. */
export interface Heard {
  readonly presence: PresenceBody | null;
  readonly telemetry: TelemetryBody | null;
}

export interface SiteHeard {
  readonly nodes: ReadonlyMap<string, Heard>;
  /** Signed bytes as they are retained: of each node, and the list of what was revoked. */
  readonly enrolments: ReadonlyMap<string, Uint8Array>;
  readonly revocation: Uint8Array | null;
}

export interface GatherOptions {
  readonly endpoint: BrokerEndpoint;
  readonly site: string;
  /** Resolves when nobody wants to wait any longer: presence is retained, telemetry comes every few seconds. */
  readonly until: (nodes: ReadonlyMap<string, Heard>) => Promise<void>;
}

/**
 * Listens to a site for a while. Messages that cannot be opened are passed over: they are the node's trouble, and shown
 * by `watch`.
 *
 * @throws NodeError `brokerUnreachable`, `brokerUrl`
 */
export const gather = async ({ endpoint, site, until }: GatherOptions): Promise<SiteHeard> => {
  const codec = createCodec();
  const heard = new Map<string, Heard>();
  const enrolments = new Map<string, Uint8Array>();
  const note = (topic: string, change: Partial<Heard>): void => {
    const node = parseTopic(topic)?.node;
    if (node === undefined || (!heard.has(node) && heard.size >= NODES_MAX)) return;
    heard.set(node, { presence: null, telemetry: null, ...heard.get(node), ...change });
  };
  const bodyOf = <Body>(type: MessageType<Body>, payload: Uint8Array): Body | null => {
    const opened = openEnvelope(codec, type, payload);
    return opened.ok ? opened.value.body : null;
  };
  const mqtt = connectMqtt({ ...endpoint, clientId: deskClientId(endpoint, `fleet-${process.pid}`) });
  try {
    await mqtt.ready(CONNECT_MS_MAX);
    await mqtt.subscribe(topicFilter('presence', { site }), (topic, payload) => {
      const presence = bodyOf(PRESENCE, payload);
      if (presence !== null) note(topic, { presence });
    });
    await mqtt.subscribe(topicFilter('telemetry', { site }), (topic, payload) => {
      const telemetry = bodyOf(TELEMETRY, payload);
      if (telemetry !== null) note(topic, { telemetry });
    });
    await mqtt.subscribe(topicFilter('enrolment', { site }), (topic, payload) => {
      const node = parseTopic(topic)?.node;
      if (node !== undefined && (heard.has(node) || enrolments.size < NODES_MAX)) enrolments.set(node, payload);
    });
    let revocation: Uint8Array | null = null;
    await mqtt.subscribe(revocationTopic(site), (_topic, payload) => {
      revocation = payload;
    });
    await until(heard);
    return { nodes: heard, enrolments, revocation };
  } finally {
    await mqtt.close();
  }
};
