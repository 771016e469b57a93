import type { AedesOptions, AedesPublishPacket, Client } from 'aedes';
import type { BrokerLimits } from '../machines/broker-limits.ts';
import type { BrokerAccess } from './broker-access.ts';
import type { Admission } from './broker-store/admission.ts';
import type { BrokerReport, BrokerStore } from './broker-store/open.ts';

/** Longer ones are nobody's; MQTT would allow 65,535 bytes (MQTT 3.1.1 §3.1.3.1 requires 23). */
const CLIENT_ID_LENGTH_MAX = 256;
/** Of a subscription; a topic of ours has less than 200 characters. */
const FILTER_LENGTH_MAX = 1_024;
const SUBSCRIPTIONS_MAX = 256;
/** What may wait for a subscriber that reads slowly; about 2 s of a site's decisions. */
export const BEHIND_BYTES_MAX = 512 * 1024;
/** CONNACK: the server is unavailable (MQTT 3.1.1 §3.2.2.3). */
const SERVER_UNAVAILABLE = 3;

type HookName = 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward';

export type Hooks = Required<Pick<AedesOptions, HookName>>;

/** Filters granted to each client, for as long as it is connected. */
export type Granted = WeakMap<Client, Set<string>>;

export interface HooksParts {
  readonly limits: BrokerLimits;
  readonly report: BrokerReport;
  /** Null when nothing outlives the process. */
  readonly store: BrokerStore | null;
  readonly admission: () => Admission | null;
  readonly granted: Granted;
  /** Null when the broker is open: then everybody on this machine may do everything. */
  readonly access: BrokerAccess | null;
  readonly notice: (text: string) => void;
}

/** Where aedes asks: who is let in and to what, the bounds on clients, the order of messages, who is too slow. */
export const createHooks = ({ limits, report, store, admission, granted, access, notice }: HooksParts): Hooks => {
  /** Topics of the wills that came with CONNECT; aedes keeps them to itself. */
  const wills = new WeakMap<Client, string>();
  return {
    preConnect: (client, packet, done) => {
      if (packet.will !== undefined) wills.set(client, packet.will.topic);
      const fits = packet.clientId.length <= CLIENT_ID_LENGTH_MAX;
      if (fits) done(null, true);
      else {
        report.count('brokerConnectionsRefused');
        done(new Error('the client id is too long'), false);
      }
    },

    authenticate: (client, _username, _password, done) => {
      const refusal = access?.admit(client, client.id, wills.get(client)) ?? null;
      if (refusal !== null) {
        report.count('brokerConnectionsRefused');
        notice(`the broker refuses a client: ${refusal.why}`);
        done(Object.assign(new Error(refusal.why), { returnCode: refusal.returnCode }), null);
        return;
      }
      const { sessions } = store ?? {};
      if (client.clean || sessions === undefined || sessions.find(client.id) !== undefined || sessions.hasRoom()) {
        done(null, true);
        return;
      }
      report.count('brokerConnectionsRefused');
      const error = new Error(`${limits.sessions} sessions, all of them connected`);
      done(Object.assign(error, { returnCode: SERVER_UNAVAILABLE }), null);
    },

    authorizePublish: (client, packet, done) => {
      const gate = admission();
      const why = client === null ? null : (access?.refusesPublish(client, packet) ?? null);
      if (why !== null) {
        report.count('brokerPublicationsRefused');
        notice(`the broker hangs up: ${why}`);
        // 3.1.1 has no other way to say so [MQTT-3.3.5-2].
        done(new Error(why));
      } else if (packet.topic.startsWith('$SYS/')) done(new Error('topics below $SYS are the broker’s own'));
      else if (client === null || gate === null) done(null);
      else gate.authorize(client, packet, done);
    },

    authorizeSubscribe: (client, subscription, done) => {
      const { topic } = subscription;
      const filters = granted.get(client) ?? new Set();
      granted.set(client, filters);
      const fits = topic.length <= FILTER_LENGTH_MAX && (filters.has(topic) || filters.size < SUBSCRIPTIONS_MAX);
      const why = fits ? (access?.refusesReading(client, topic) ?? null) : null;
      if (why !== null) notice(`the broker refuses a subscription: ${why}`);
      if (fits && why === null) {
        filters.add(topic);
        done(null, subscription);
        return;
      }
      report.count('brokerSubscriptionsRefused');
      // Failure, MQTT 3.1.1 §3.9.3; seen by the store, to which aedes passes the whole packet.
      subscription.qos = 128 as 0;
      done(null, null);
    },

    authorizeForward: (client, packet) => {
      // With an identifier it is one that waited for the client. aedes deletes it when it is refused here.
      if (packet.messageId !== undefined)
        return (access?.refusesReading(client, packet.topic) ?? null) === null ? packet : null;
      if (packet.qos > 0 && store !== null && !store.outgoing.mayFollow(client, packet)) return null;
      return sparing(client, packet, report);
    },
  };
};

/**
 * One subscriber that stops reading would hold up every other one: aedes waits for its socket. So it gets no more than
 * it can take: QoS 0 messages pass it by, and for one that must not be lost it is cut, to come back to what its session
 * has kept.
 */
const sparing = (client: Client, packet: AedesPublishPacket, report: BrokerReport): AedesPublishPacket | null => {
  const { conn } = client;
  if (conn.writableLength <= BEHIND_BYTES_MAX) return packet;
  if (packet.qos === 0) report.count('brokerSkippedForSlow');
  else if (!conn.destroyed) {
    report.count('brokerSlowClientsCut');
    conn.destroy();
  }
  return null;
};
