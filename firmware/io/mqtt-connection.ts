import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { NodeError } from '../errors.ts';
import type { OutgoingMessage } from '../machines/outgoing-message.ts';
import { BROKER_RETRY, type RetryOptions, RetrySchedule } from '../machines/retry-schedule.ts';
import type { BrokerEndpoint } from './broker-endpoint.ts';

/** From the first packet to CONNACK, name, TCP and TLS included; then the broker hangs, and the next attempt is due. */
const CONNECT_MS_MAX = 10_000;
/** The broker publishes our will 1.5 × this after the machine has vanished from the network [MQTT-3.1.2-24]. */
const KEEP_ALIVE_SECONDS = 15;

export interface ConnectionOptions extends BrokerEndpoint {
  readonly clientId: string;
  readonly will?: OutgoingMessage;
  /** When to try again; BROKER_RETRY when left out. */
  readonly retry?: RetryOptions;
  /** How long a broker may take to answer, ms. */
  readonly connectMsMax?: number;
  /** Hears why an attempt failed or a connection ended; null when the broker just hung up. */
  readonly failed?: (error: unknown) => void;
}

/**
 * A client that comes back by itself, also after a refusal: passwords are mended and certificates renewed while the
 * gateway runs.
 *
 * @param root what stands before every topic of ours: a prefix and a slash, or nothing
 * @throws NodeError `brokerUrl` when the URL is not one of mqtt://, mqtts://, ws://, wss://
 */
export const openConnection = (options: ConnectionOptions, root: string): MqttClient => {
  const { url, retry = BROKER_RETRY, failed = () => {} } = options;
  if (!isBrokerUrl(url)) {
    throw new NodeError('brokerUrl', `"${url}" is not a broker's URL; write it like mqtt://127.0.0.1:1883`);
  }
  const schedule = new RetrySchedule(retry, Math.random);
  const client = connect(url, { ...settingsOf(options, root), reconnectPeriod: retry.firstMs });
  let reason: unknown = null;
  const because = (error: unknown): void => {
    reason = error;
  };
  client.on('error', because);
  // mqtt.js keeps errors without a code to itself, and those of WebSockets have none.
  const listen = (): void => void client.stream.on('error', because);
  listen();
  client.on('packetsend', ({ cmd }) => {
    if (cmd === 'connect') listen();
  });
  // Ahead of mqtt.js's own listener, which reads the period when it sets its timer.
  client.prependListener('close', () => {
    client.options.reconnectPeriod = schedule.failed(performance.now());
    if (!client.disconnecting) failed(reason);
    reason = null;
  });
  client.on('connect', () => {
    schedule.connected(performance.now());
    reason = null;
    // See the broker: Nagle's algorithm would hold a label back for as long as hundreds of decisions take.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  });
  return client;
};

const settingsOf = (options: ConnectionOptions, root: string): IClientOptions => {
  const { clientId, will, username, password, ca, cert, key, protocolVersion = 4 } = options;
  return {
    clientId,
    protocolVersion,
    clean: true,
    queueQoSZero: false,
    keepalive: KEEP_ALIVE_SECONDS,
    connectTimeout: options.connectMsMax ?? CONNECT_MS_MAX,
    reconnectOnConnackError: true,
    // zlib takes 300 KB per connection (zconf.h), and ws sends messages below 1 KB as they are even so: ours are. What
    // would compress is not in the bundle (rollup.config.js).
    wsOptions: { perMessageDeflate: false },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca: asBuffer(ca) }),
    ...(cert === undefined || key === undefined ? {} : { cert: asBuffer(cert), key: asBuffer(key) }),
    ...(will === undefined ? {} : { will: willOf(will, root) }),
  };
};

const willOf = ({ topic, payload, qos, retain, absolute }: OutgoingMessage, root: string) => {
  return { topic: absolute ? topic : root + topic, payload: asBuffer(payload), qos, retain };
};

const isBrokerUrl = (text: string): boolean => {
  try {
    const { protocol, hostname } = new URL(text);
    return /^(mqtts?|wss?):$/.test(protocol) && hostname !== '';
  } catch {
    return false;
  }
};

/** mqtt.js takes text or Buffer; this is a view, not a copy. */
export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
