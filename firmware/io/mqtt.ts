import type { MqttClient } from 'mqtt';
import { matchesFilter } from '../../protocols/topics.ts';
import { errorMessage, NodeError } from '../errors.ts';
import { explainBrokerFault } from '../machines/broker-faults.ts';
import type { OutgoingMessage } from '../machines/outgoing-message.ts';
import { asBuffer, type ConnectionOptions, openConnection } from './mqtt-connection.ts';
import { createDeliveries, type DeliveryEnd } from './mqtt-deliveries.ts';

/** Bytes that may wait in the socket before QoS 0 messages are dropped: about a second of decisions at full rate. */
const UNSENT_BYTES_MAX = 256 * 1024;
/** QoS 1 messages without an acknowledgement; as many labels may be in flight (LABELS_IN_FLIGHT_MAX) and to spare. */
const UNACKNOWLEDGED_MAX = 1_024;
/** Unless somebody says how many they need. */
const SUBSCRIPTIONS_MAX = 16;

/** A node has several connections and 5 s from SIGTERM to the end. */
const GOODBYE_MS_MAX = 1_000;

/** `retained`: kept by the broker from earlier, and sent because of a new subscription [MQTT-3.3.1-8]. */
export type MessageHandler = (topic: string, payload: Uint8Array, about: { readonly retained: boolean }) => void;

export interface MqttPort {
  readonly connected: boolean;
  /** QoS 0 messages handed to the socket and QoS 1 messages taken over, so far. */
  readonly published: number;
  /** Messages not sent because the broker was away or too slow. */
  readonly unpublished: number;
  /**
   * Sends without waiting. QoS 0 is dropped and counted while the broker is away or slow; QoS 1 is kept until it is
   * acknowledged, across reconnections, up to a bound. False when the message was not taken.
   */
  publish(message: OutgoingMessage): boolean;
  /** What `deliver` takes before the first is acknowledged: as much as the broker allows; 0 without a connection. */
  readonly deliveryWindow: number;
  /**
   * Sends with QoS 1 and says how that ended; a message whose connection ended first belongs to the caller again.
   * False when there is no connection: then `ended` is never called.
   */
  deliver(message: OutgoingMessage, ended: (how: DeliveryEnd) => void): boolean;
  /**
   * Resolves when the broker has confirmed; renewed after every reconnection. The handler hears topics as the sender
   * of a message would name them: below the prefix, and without it, unless `absolute`. Rejects with NodeError
   * `subscriptionRefused` when the broker does not let us.
   */
  subscribe(filter: string, handler: MessageHandler, options?: { readonly absolute?: boolean }): Promise<void>;
  /** Runs at every connection, the first included; at once when connected already. */
  onConnect(handler: () => void): void;
  /** Runs when an established connection is lost. */
  onDisconnect(handler: () => void): void;
  /** Hears after every failed attempt and every lost connection what is wrong, and what to do. */
  onFault(handler: (text: string) => void): void;
  /** @throws NodeError `brokerUnreachable` when there is no connection within `timeoutMs` */
  ready(timeoutMs: number): Promise<void>;
  /** Sends what is queued, then says goodbye (so that the broker keeps the will to itself); gives up after 1 s. */
  close(): Promise<void>;
}

export type MqttOptions = Omit<ConnectionOptions, 'failed'> & { readonly subscriptionsMax?: number };

/**
 * An MQTT connection that comes back by itself.
 *
 * @throws NodeError `brokerUrl` when the URL is not one of mqtt://, mqtts://, ws://, wss://
 */
export function connectMqtt(options: MqttOptions): MqttPort {
  const root = options.prefix === undefined ? '' : `${options.prefix}/`;
  const { subscriptionsMax = SUBSCRIPTIONS_MAX } = options;
  const faultHandlers: ((text: string) => void)[] = [];
  let fault = `no MQTT broker answered at ${options.url}; start one or check the URL`;
  const failed = (error: unknown) => {
    fault = explainBrokerFault(options.url, error);
    for (const handler of faultHandlers) handler(fault);
  };
  const client = openConnection({ ...options, failed }, root);
  const deliveries = createDeliveries(client);
  const subscriptions = new Map<string, { handler: MessageHandler; cut: number }>();
  let published = 0;
  let unpublished = 0;
  let unacknowledged = 0;
  client.on('message', (topic, payload, { retain }) => {
    for (const [filter, { handler, cut }] of subscriptions) {
      if (matchesFilter(filter, topic)) handler(topic.slice(cut), payload, { retained: retain });
    }
  });

  return {
    get connected() {
      return client.connected;
    },
    get published() {
      return published;
    },
    get unpublished() {
      return unpublished;
    },
    publish: ({ topic: own, absolute, payload, qos, retain }) => {
      const topic = absolute ? own : root + own;
      const full =
        qos === 0 ? !client.connected || unsentBytes(client) > UNSENT_BYTES_MAX : unacknowledged >= UNACKNOWLEDGED_MAX;
      if (full || client.disconnecting) {
        unpublished += 1;
        return false;
      }
      published += 1;
      if (qos === 0) {
        // No callback: mqtt.js would hang one listener per waiting message on the socket.
        client.publish(topic, asBuffer(payload), { qos, retain });
        return true;
      }
      unacknowledged += 1;
      client.publish(topic, asBuffer(payload), { qos, retain }, () => {
        unacknowledged -= 1;
      });
      return true;
    },
    get deliveryWindow() {
      return deliveries.window;
    },
    deliver: ({ topic, absolute, payload }, ended) =>
      deliveries.deliver(absolute ? topic : root + topic, payload, ended),
    subscribe: async (own, handler, { absolute = false } = {}) => {
      const filter = absolute ? own : root + own;
      if (!subscriptions.has(filter) && subscriptions.size >= subscriptionsMax) {
        throw new RangeError(`more than ${subscriptionsMax} subscriptions`);
      }
      subscriptions.set(filter, { handler, cut: absolute ? 0 : root.length });
      // Asked again, a broker sends again what it retains [MQTT-3.8.4-3]; mqtt.js asks again only with `resubscribe`.
      const asked = Object.assign({ [filter]: { qos: 1 } as const }, { resubscribe: true });
      await client.subscribeAsync(asked).catch((cause: unknown) => {
        throw refusedSubscription(options.url, filter, cause);
      });
    },
    onConnect: (handler) => {
      client.on('connect', handler);
      if (client.connected) handler();
    },
    onDisconnect: (handler) => {
      client.on('offline', handler);
    },
    onFault: (handler) => {
      faultHandlers.push(handler);
    },
    ready: (timeoutMs) => ready(client, timeoutMs, () => fault),
    close: () => close(client),
  };
}

/** What mqtt.js says of a SUBACK with a failure [MQTT-3.9.3-2], in words that help; other errors as they are. */
function refusedSubscription(url: string, filter: string, cause: unknown): unknown {
  if (!errorMessage(cause).startsWith('Subscribe error')) return cause;
  const why = 'its access list or our role forbids it';
  return new NodeError('subscriptionRefused', `the broker at ${url} does not let us read ${filter}: ${why}`, { cause });
}

function ready(client: MqttClient, timeoutMs: number, explain: () => string): Promise<void> {
  if (client.connected) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const arrived = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      client.off('connect', arrived);
      reject(new NodeError('brokerUnreachable', explain()));
    }, timeoutMs);
    client.once('connect', arrived);
  });
}

/** A half-dead connection must not hold up the end of the process. */
async function close(client: MqttClient): Promise<void> {
  const force = setTimeout(() => client.end(true), GOODBYE_MS_MAX);
  await client.endAsync(!client.connected);
  clearTimeout(force);
}

function unsentBytes(client: MqttClient): number {
  return client.stream.writableLength;
}
