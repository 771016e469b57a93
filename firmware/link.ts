import { boardProfile } from '../boards/registry.ts';
import { clientIdOf } from '../protocols/access.ts';
import { createCodec } from '../protocols/codec.ts';
import { createEnvelopeWriter, type EnvelopeWriter } from '../protocols/envelope.ts';
import type { PresenceBody } from '../protocols/messages/presence.ts';
import { topicName } from '../protocols/topics.ts';
import type { ComputePlan } from './compute-plan.ts';
import { type Courier, startCourier } from './courier.ts';
import { errorMessage } from './errors.ts';
import type { BrokerEndpoint } from './io/broker-endpoint.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import { createPresence } from './machines/presence.ts';
import { createPublisher, type Publisher } from './machines/publisher.ts';
import type { Vitals } from './vitals.ts';

const BROKER_MS_MAX = 10_000;

export interface LinkOptions {
  readonly site: string;
  readonly node: string;
  readonly epoch: number;
  readonly endpoint: BrokerEndpoint;
  /** Wait for the connection: the broker is our own. A gateway whose broker is away starts without it. */
  readonly wait: boolean;
  readonly plan: ComputePlan;
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly notice: (text: string) => void;
  /** What it shares with others, if anything. */
  readonly shares: PresenceBody['mesh'];
  /** Of the node's state; the outbox lies below it. */
  readonly directory: string;
  /** So many decisions reached the broker, or were given up. */
  readonly settled: (delivered: boolean, count: number) => void;
}

/** The node's side of the wire. */
export interface Link {
  readonly mqtt: MqttPort;
  readonly publisher: Publisher;
  /** Numbers everything that the node says. */
  readonly writer: EnvelopeWriter;
  /** What its presence says the node is and runs, but for what it shares. */
  readonly facts: Omit<PresenceBody, 'state' | 'mesh'>;
  /** For what must not be lost while the broker is away. */
  readonly courier: Courier;
  /** Resolves once labels are heard, if they can be heard by now. */
  hearLabels(handler: (payload: Uint8Array) => void): Promise<void>;
  /** Says that the node goes, and hangs up. */
  close(): Promise<void>;
}

/** Connects with a will and says `online` at every connection. @throws NodeError `brokerUrl`, `storeOpen` */
export const openLink = async (options: LinkOptions): Promise<Link> => {
  const [{ connectMqtt }, { openOutboxStore }] = await Promise.all([
    import('./io/mqtt.ts'),
    import('./io/outbox-store.ts'),
  ]);
  const { site, node, plan, about, clock, vitals, notice } = options;
  const { card, hash, experts } = plan;
  const writer = createEnvelopeWriter(createCodec(), `${site}/${node}`, options.epoch);
  const model = { name: about.model, hash, labels: card.labels, experts: [...experts] };
  const facts = { version: about.version, board: about.board, model };
  const shares = options.shares === undefined ? {} : { mesh: options.shares };
  const presence = createPresence({ site, node, writer, about: { ...facts, ...shares } });
  const publisher = createPublisher({ site, node, writer, card, experts });
  const will = presence.will(clock.unixMs());
  const mqtt = connectMqtt({ ...options.endpoint, clientId: clientIdOf(site, node), will });
  mqtt.onFault((text) => vitals.trouble('broker', text));
  mqtt.onConnect(() => {
    vitals.well('broker');
    mqtt.publish(presence.online(clock.unixMs()));
  });
  const { outboxEntriesMax: entriesMax, outboxBytesMax: bytesMax } = boardProfile(about.board);
  const outbox = await openOutboxStore(options.directory, notice);
  const bounds = { entriesMax, bytesMax };
  const courier = startCourier({ store: outbox, mqtt, bounds, vitals, clock, notice, settled: options.settled });
  return {
    mqtt,
    publisher,
    writer,
    facts,
    courier,
    hearLabels: async (handler) => {
      const subscribed = mqtt.subscribe(topicName(site, node, 'label'), (_topic, payload) => handler(payload));
      if (options.wait) await Promise.all([mqtt.ready(BROKER_MS_MAX), subscribed]);
      else subscribed.catch((error: unknown) => unheard(vitals, error));
    },
    close: async () => {
      await courier.close();
      mqtt.publish(presence.offline(clock.unixMs()));
      await mqtt.close();
    },
  };
};

/** A lost connection is made up for at the next one; a refusal stands until somebody lifts it. */
const unheard = (vitals: Vitals, error: unknown): void => {
  if (!/^Subscribe error/.test(errorMessage(error))) return;
  const mend = 'allow it (myrmexctl broker acl prints what a node needs) and restart the node';
  vitals.trouble('labels', `the broker refuses to let this node read its labels: ${mend}`);
};
