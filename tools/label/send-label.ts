import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { within } from '../../firmware/within.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import type { MessageType } from '../../protocols/message.ts';
import { LABEL } from '../../protocols/messages/label.ts';
import { LABEL_ACK, type LabelAckBody } from '../../protocols/messages/label-ack.ts';
import { LABEL_RANGE } from '../../protocols/messages/label-range.ts';
import { LABEL_RANGE_ACK, type LabelRangeAckBody } from '../../protocols/messages/label-range-ack.ts';
import { type TopicKind, topicName } from '../../protocols/topics.ts';
import { deskClientId } from '../broker/desk-identity.ts';
import { CommandError } from '../errors.ts';

const CONNECT_MS_MAX = 3_000;
/** A label that is `busy` is sent again; the window's id makes that harmless. */
const ATTEMPTS_MAX = 4;

export interface LabelTarget {
  readonly endpoint: BrokerEndpoint;
  readonly site: string;
  readonly node: string;
  /** How long to wait for each answer, ms. */
  readonly waitMs: number;
  /** Unix ms, and what names this request among others. */
  readonly now: () => number;
  readonly id: string;
  /** Who says so: an opinion, pooled with those of others. Nobody's label never overrules one that is there. */
  readonly by?: string;
}

/**
 * Labels one window and waits for the gateway's word.
 *
 * @throws NodeError `brokerUnreachable`; CommandError `noAnswer`
 */
export const sendLabel = (target: LabelTarget, window: string, label: string): Promise<LabelAckBody> =>
  ask(
    target,
    ['label', LABEL, () => ({ window, label, ...signed(target) })],
    ['label/ack', LABEL_ACK, (ack) => ack.window === window],
  );

/** Labels the windows of a stretch of time. @param fromMs, toMs Unix ms by this machine's clock */
export const sendRange = (
  target: LabelTarget,
  fromMs: number,
  toMs: number,
  label: string,
): Promise<LabelRangeAckBody> => {
  // Told at the moment of sending: what passes before it arrives shifts the stretch, and connecting may take long.
  const body = () => ({ id: target.id, from: fromMs, to: toMs, label, sentAt: target.now(), ...signed(target) });
  return ask(
    target,
    ['label/range', LABEL_RANGE, body],
    ['label/range/ack', LABEL_RANGE_ACK, (ack) => ack.id === target.id],
  );
};

const signed = ({ by }: LabelTarget): { by?: string } => (by === undefined ? {} : { by });

type Question<Body> = readonly [kind: TopicKind, type: MessageType<Body>, body: () => Body];
type Answer<Ack> = readonly [kind: TopicKind, type: MessageType<Ack>, ours: (ack: Ack) => boolean];

const ask = async <Body, Ack extends { readonly status: string }>(
  target: LabelTarget,
  [kind, type, body]: Question<Body>,
  answer: Answer<Ack>,
): Promise<Ack> => {
  const { site, node, now } = target;
  const mqtt = connectMqtt({ ...target.endpoint, clientId: deskClientId(target.endpoint, `label-${target.id}`) });
  try {
    await mqtt.ready(CONNECT_MS_MAX);
    const inbox = await openInbox(mqtt, target, answer);
    const codec = createCodec();
    // The epoch tells one run of this command from the next.
    const writer = createEnvelopeWriter(codec, `${site}/myrmexctl`, Math.floor(now() / 1_000));
    for (let tries = 1; ; tries++) {
      mqtt.publish({
        topic: topicName(site, node, kind),
        payload: writer.write(type, body(), now()),
        qos: 1,
        retain: false,
      });
      const ack = await inbox.next(target.waitMs);
      if (ack === null) {
        throw new CommandError(
          'noAnswer',
          `${site}/${node} did not answer within ${target.waitMs / 1_000} s; does it run, and on this broker?`,
        );
      }
      if (ack.status !== 'busy' || tries === ATTEMPTS_MAX) return ack;
    }
  } finally {
    await mqtt.close();
  }
};

/** @throws CommandError `noAnswer`: a broker that never confirms would be waited for without end */
const openInbox = async <Ack>(mqtt: MqttPort, { site, node, waitMs }: LabelTarget, [kind, type, ours]: Answer<Ack>) => {
  const codec = createCodec();
  const come: Ack[] = [];
  let wake = (): void => {};
  const heard = mqtt.subscribe(topicName(site, node, kind), (_topic, payload) => {
    const opened = openEnvelope(codec, type, payload);
    if (!opened.ok || !ours(opened.value.body)) return;
    come.push(opened.value.body);
    wake();
  });
  if (!(await within(heard, waitMs))) {
    throw new CommandError('noAnswer', `the broker did not confirm a subscription within ${waitMs / 1_000} s`);
  }
  return {
    /** The next answer, or null when it does not come in time. */
    next: async (waitMs: number): Promise<Ack | null> => {
      if (come.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return come.shift() ?? null;
    },
  };
};
