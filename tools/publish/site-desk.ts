import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { kidOf } from '../../firmware/io/keys.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { Attendance, NO_LINEAGE } from '../../firmware/mesh/attendance.ts';
import { fleetKeyring, type Keyring, openKeyring } from '../../firmware/mesh/keyring.ts';
import { within } from '../../firmware/within.ts';
import type { Codec } from '../../protocols/codec.ts';
import { Registry } from '../../protocols/enrolment.ts';
import { type EnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { parseTopic, revocationTopic, topicFilter, topicName } from '../../protocols/topics.ts';
import { deskClientId } from '../broker/desk-identity.ts';
import { CommandError } from '../errors.ts';
import type { Origin } from './origin.ts';

const CONNECT_MS_MAX = 3_000;
const ECHO_MS_MAX = 5_000;
/** Retained messages follow the subscription, and nothing says which is the last: so long without another one. */
const QUIET_MS = 500;

export interface DeskOptions {
  readonly endpoint: BrokerEndpoint;
  readonly origin: Origin;
  readonly codec: Codec;
  readonly writer: EnvelopeWriter;
}

/** A place at a site's broker: who is there, whose word counts, and all know who speaks. */
export interface SiteDesk {
  readonly mqtt: MqttPort;
  readonly attendance: Attendance;
  readonly keyring: Keyring;
  close(): Promise<void>;
}

/**
 * Comes to a site, says who it is, and listens until nobody new is heard.
 *
 * @throws CommandError `publicationRefused`, `identityNeeded`; NodeError `brokerUnreachable`, `brokerUrl`
 */
export const openSiteDesk = async (options: DeskOptions): Promise<SiteDesk> => {
  const { endpoint, origin, codec } = options;
  const attendance = new Attendance(LIMITS.sendersMax);
  const hello = helloOf(options);
  const mqtt = connectMqtt({ ...endpoint, ...hello.will, clientId: deskClientId(endpoint, `mesh-${process.pid}`) });
  const close = async (): Promise<void> => {
    if (hello.will !== undefined) mqtt.publish(hello.will.will);
    await mqtt.close();
  };
  try {
    await mqtt.ready(CONNECT_MS_MAX);
    const keyring = await openDeskKeyring(options, mqtt);
    let [heard, isClosed] = [0, false];
    await mqtt.subscribe(topicFilter('presence', { site: origin.site }), (topic, payload) => {
      const name = parseTopic(topic)?.node;
      const opened = openEnvelope(codec, PRESENCE, payload);
      if (name === undefined || name === origin.name || !opened.ok) return;
      const { mesh } = opened.value.body;
      heard += 1;
      isClosed ||= mesh !== undefined && mesh.key === undefined;
      keyring.told(name, mesh?.key);
      attendance.heard(name, opened.value.body);
    });
    await introduce(mqtt, endpoint, hello);
    for (let before = -1; before !== heard; await pause(QUIET_MS)) before = heard;
    if (!isClosed || origin.enrolment !== null) return { mqtt, attendance, keyring, close };
    const mend = 'name with --identity the folder of an operator, as "myrmexctl fleet enroll" made it';
    throw new CommandError(
      'identityNeeded',
      `the gateways of ${origin.site} are a fleet, and believe its keys: ${mend}`,
    );
  } catch (error) {
    await close();
    throw error;
  }
};

/** Where a desk says who it is, and with what; the will takes back what only counts while it is there. */
interface Hello {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly will?: { readonly will: { topic: string; payload: Uint8Array; qos: 1; retain: true } };
}

const helloOf = ({ origin, writer }: DeskOptions): Hello => {
  const { site, name, identity, enrolment } = origin;
  if (enrolment !== null) return { topic: topicName(site, name, 'enrolment'), payload: enrolment.bytes };
  const topic = topicName(site, name, 'presence');
  const mesh = { lineage: NO_LINEAGE, generation: 0, key: identity.publicKey.bytes };
  const payload = writer.write(PRESENCE, { state: 'online', version: 'myrmexctl', mesh }, Date.now());
  return { topic, payload, will: { will: { topic, payload: new Uint8Array(0), qos: 1, retain: true } } };
};

/** MQTT 3.1.1 has no way to say that a message is refused: what the broker gives back it has taken. */
const introduce = async (mqtt: MqttPort, { url }: BrokerEndpoint, { topic, payload }: Hello): Promise<void> => {
  let given = (): void => {};
  const givenBack = new Promise<void>((resolve) => {
    given = resolve;
  });
  await mqtt.subscribe(topic, (_topic, bytes, { retained }) => {
    if (!retained && Buffer.from(bytes).equals(payload)) given();
  });
  mqtt.publish({ topic, payload, qos: 1, retain: true });
  if (await within(givenBack, ECHO_MS_MAX)) return;
  const mend = 'it takes a certificate or a user with the role operator, and an access list that knows trees';
  throw new CommandError('publicationRefused', `${url} lets nobody publish under this name: ${mend}`);
};

/** Whose words of who has it are believed. */
const openDeskKeyring = async ({ origin, codec }: DeskOptions, mqtt: MqttPort): Promise<Keyring> => {
  const { site, enrolment } = origin;
  if (enrolment === null) return openKeyring(LIMITS.sendersMax);
  const registry = new Registry({ codec, site, root: enrolment.root, kidOf });
  await mqtt.subscribe(revocationTopic(site), (_topic, payload) => void registry.revoke(payload));
  await mqtt.subscribe(topicFilter('enrolment', { site }), (topic, payload) => {
    const name = parseTopic(topic)?.node;
    if (name !== undefined) registry.enrol(name, payload);
  });
  return fleetKeyring(registry, LIMITS.enrolmentsMax);
};
