import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import type { Clock } from '../../firmware/io/clock.ts';
import { MESSAGE_BYTES_MAX } from '../../firmware/mesh/ground.ts';
import { TREE_RATE } from '../../firmware/mesh/tree-desk.ts';
import { type Codec, createCodec } from '../../protocols/codec.ts';
import { encodeSign1 } from '../../protocols/cose/sign1.ts';
import { Door } from '../../protocols/door.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { MessageType } from '../../protocols/message.ts';
import { PUBLICATION } from '../../protocols/messages/publication.ts';
import { TREE } from '../../protocols/messages/tree.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { treeFilter, treeTopic } from '../../protocols/topics.ts';
import { CommandError } from '../errors.ts';
import { type FollowOptions, follow } from './follow.ts';
import type { Origin } from './origin.ts';
import { openSiteDesk, type SiteDesk } from './site-desk.ts';

export interface PublishOptions {
  readonly endpoint: BrokerEndpoint;
  readonly origin: Origin;
  readonly topic: string;
  /** Media type. */
  readonly type: string;
  /** At most `LIMITS.publishedBytesMax`. */
  readonly content: Uint8Array;
  readonly waitMs: number;
  readonly clock: Clock;
  readonly progress: FollowOptions['progress'];
}

/** The JSON of `--json`: its shape is a promise. */
export interface PublishReport {
  readonly topic: string;
  readonly origin: string;
  readonly sequence: number;
  readonly bytes: number;
  /** Gateways whose presence was there. */
  readonly members: number;
  /** Those of them that have it on disk, as the relays say. */
  readonly delivered: number;
  /** Those who could not be reached, or were not known to have it when the time was over. */
  readonly missed: readonly string[];
  /** Neither one nor the other: the relays did not know of so many, as they had only just come. */
  readonly uncounted: number;
  /** Gateways of the site that are not there: nothing is kept for them. */
  readonly absent: readonly string[];
  /** Whom this desk gave it to. */
  readonly relays: readonly string[];
  /** From the first message to the end. */
  readonly ms: number;
}

/**
 * Publishes to every gateway that is there, and follows the tree until all have it or the time is over.
 *
 * @throws CommandError `nobodyThere`, and as `openSiteDesk`
 */
export const publish = async (options: PublishOptions): Promise<PublishReport> => {
  const { endpoint, origin, clock, topic, type, content, waitMs, progress } = options;
  const { site, name, identity, sequence } = origin;
  const codec = createCodec();
  // The epoch tells one run from the next.
  const writer = createEnvelopeWriter(codec, `${site}/${name}`, sequence);
  const seal = <Body>(kind: MessageType<Body>, body: Body): Uint8Array =>
    encodeSign1(writer.write(kind, body, clock.unixMs()), identity.publicKey.kid, identity.sign);
  const desk = await openSiteDesk({ endpoint, origin, codec, writer });
  try {
    const members = desk.attendance.present;
    if (members.length === 0) throw new CommandError('nobodyThere', `no gateway of ${site} shares at ${endpoint.url}`);
    const listen = await hear(desk, origin, { codec, now: clock.monotonicMs });
    const begun = clock.monotonicMs();
    const { has, missed, relays } = await follow({
      ...{ publication: { topic, origin: name, sequence }, members, waitMs, now: clock.monotonicMs, listen, progress },
      payload: seal(PUBLICATION, { topic, sequence, type, content }),
      say: (to, body) => {
        desk.mqtt.publish({ topic: treeTopic(site, name, to), payload: seal(TREE, body), qos: 1, retain: false });
      },
    });
    const ms = Math.round(clock.monotonicMs() - begun);
    const expected = members.filter((member) => !missed.includes(member)).length;
    const delivered = Math.min(has, expected);
    const about = { topic, origin: name, sequence, bytes: content.length, members: members.length, delivered };
    const absent = [...desk.attendance.nodes].flatMap(([node, isPresent]) => (isPresent ? [] : [node])).sort();
    return { ...about, missed, uncounted: expected - delivered, absent, relays, ms };
  } finally {
    await desk.close();
  }
};

/** Words that are for this desk, through a door like that of a node. */
const hear = async (
  { mqtt, keyring }: SiteDesk,
  { site, name }: Origin,
  { codec, now }: { readonly codec: Codec; readonly now: () => number },
): Promise<FollowOptions['listen']> => {
  const nameOf = (sender: string): string => sender.slice(site.length + 1);
  const door = new Door({
    ...{ codec, rate: TREE_RATE, bytesMax: MESSAGE_BYTES_MAX, windows: new ReplayWindows(LIMITS.sendersMax) },
    keyOf: (sender) => (sender.startsWith(`${site}/`) ? keyring.keyOf(nameOf(sender), 'node') : null),
  });
  let heard: Parameters<FollowOptions['listen']>[0] = () => {};
  await mqtt.subscribe(treeFilter(site, { peer: name }), (topic, payload) => {
    const admission = door.admit(TREE, topic, payload, now());
    if (admission.ok) heard({ name: nameOf(admission.value.sender), body: admission.value.body });
  });
  return (handler) => {
    heard = handler;
  };
};
