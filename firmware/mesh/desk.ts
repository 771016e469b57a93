import { join } from 'node:path';
import type { Codec } from '../../protocols/codec.ts';
import { encodeSign1 } from '../../protocols/cose/sign1.ts';
import { Door } from '../../protocols/door.ts';
import { type EnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { GOSSIP } from '../../protocols/messages/gossip.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import { gossipFilter, gossipTopic, parseTopic, topicFilter } from '../../protocols/topics.ts';
import { MESH_DEFAULTS, type Mesh as MeshConfiguration } from '../configuration/mesh.ts';
import { errorMessage, NodeError } from '../errors.ts';
import type { Clock } from '../io/clock.ts';
import { createIdentity, type Identity, openIdentity } from '../io/keys.ts';
import type { MqttPort } from '../io/mqtt.ts';
import type { Share } from '../io/share.ts';
import type { Presence } from '../machines/presence.ts';
import type { Vitals } from '../vitals.ts';
import { OpenKeyring } from './keyring.ts';
import { LossBook } from './loss-book.ts';
import { MemberList } from './member-list.ts';
import { Mixer } from './mixer.ts';
import { createTurns } from './turns.ts';

/** A signed message with its largest adapter slice. */
const MESSAGE_BYTES_MAX = 1_024;
/** A peer speaks a few times a cycle; what is more than this is refused before its signature is looked at. */
const RATE = { perSecond: 20, burst: 64 };
/** Messages that wait for the compute worker. */
const WAITING_MAX = 64;
const TICK_MS = 100;

export interface MeshOptions {
  readonly site: string;
  readonly node: string;
  readonly configuration: MeshConfiguration;
  readonly codec: Codec;
  /** Numbers everything that the node says. */
  readonly writer: EnvelopeWriter;
  readonly mqtt: MqttPort;
  readonly presence: Presence;
  /** Of the compute worker of the moment; null while there is none. */
  readonly share: () => Share | null;
  readonly clock: Clock;
  readonly vitals: Vitals;
  /** Of the node's state; its key lies there. */
  readonly directory: string;
}

export interface MeshDesk {
  close(): Promise<void>;
}

/**
 * The node's part in the mesh: messages become steps of the gossip machine, and its effects messages. Everything that
 * touches θ waits for the compute worker, one piece after the other.
 *
 * @throws NodeError `noShare` when the model shares nothing; those of `openIdentity`
 */
export const openMesh = async (options: MeshOptions, share: Share): Promise<MeshDesk> => {
  const { site, node, configuration, codec, writer, mqtt, presence, clock, vitals } = options;
  const {
    everySeconds = MESH_DEFAULTS.everySeconds,
    answerSeconds = MESH_DEFAULTS.answerSeconds,
    defence = MESH_DEFAULTS.defence,
  } = configuration;
  const identity = await ownIdentity(join(options.directory, 'identity.pem'));
  const generation = writer.epoch;
  const { lineage, parts } = share;
  const values = await share.read();
  const losses = new LossBook();
  const gossip = new Gossip({
    ...{ self: node, generation, lineage, parts, values: values.slice(), entry: 'newcomer' },
    roundTimeoutMs: answerSeconds * 1_000,
    cycleMsMin: everySeconds * 500,
    suspectMs: Math.max(30_000, everySeconds * 3_000),
    defence: () => createDefence(defence, losses.judge),
  });
  const mixer = new Mixer({ gossip, share: options.share, losses, now: clock.monotonicMs }, share, values);
  const members = new MemberList({ name: node, generation, present: true }, lineage, LIMITS.sendersMax);
  const keyring = new OpenKeyring(LIMITS.sendersMax);
  const door = new Door({
    ...{ codec, rate: RATE, bytesMax: MESSAGE_BYTES_MAX, windows: new ReplayWindows(LIMITS.sendersMax) },
    keyOf: (sender) => (sender.startsWith(`${site}/`) ? keyring.keyOf(sender.slice(site.length + 1)) : null),
  });
  const turns = createTurns(WAITING_MAX, (error) =>
    vitals.trouble('mesh', `the mesh is held up: ${errorMessage(error)}`),
  );
  const perform = createPerform({ ...options, identity });
  let cycle = gossip.cycle;
  let beginAt = clock.monotonicMs() + everySeconds * 1_000;

  const take = (work: () => Promise<readonly GossipEffect[]>): void => {
    const done = turns.take(async () => {
      perform(await work());
      vitals.well('mesh');
    });
    if (!done) vitals.count('meshDropped');
  };
  const heardPresence = (topic: string, payload: Uint8Array): void => {
    const name = parseTopic(topic)?.node;
    const opened = openEnvelope(codec, PRESENCE, payload);
    if (name === undefined || !opened.ok || opened.value.sender !== `${site}/${name}`) return;
    keyring.heard(name, opened.value.body.mesh?.key);
    if (!members.heard(name, opened.value.body)) return;
    vitals.set('meshPeers', members.present - 1);
    take(async () => gossip.members(members.all, clock.monotonicMs()));
  };
  const heardGossip = (topic: string, payload: Uint8Array): void => {
    const admission = door.admit(GOSSIP, topic, payload, clock.monotonicMs());
    if (!admission.ok) {
      vitals.count('meshRefused');
      return;
    }
    const { sender, body } = admission.value;
    vitals.count('meshReceived');
    take(() => mixer.receive(sender.slice(site.length + 1), body));
  };
  const tick = (): void => {
    const now = clock.monotonicMs();
    if (gossip.cycle !== cycle) {
      // Another's cycle was as good as one of our own.
      cycle = gossip.cycle;
      beginAt = now + everySeconds * 1_000;
      vitals.set('meshCycle', cycle);
    }
    if (now >= beginAt) {
      beginAt = now + everySeconds * 1_000;
      take(() => mixer.begin());
    } else if (now >= gossip.wakeAt) take(() => mixer.tick());
  };

  vitals.set('meshPeers', 0);
  take(async () => gossip.members(members.all, clock.monotonicMs()));
  presence.shares({ lineage, generation, key: identity.publicKey.bytes });
  mqtt.publish(presence.online(clock.unixMs()));
  // A broker that is away is asked at the next connection.
  mqtt.subscribe(topicFilter('presence', { site }), heardPresence).catch(() => {});
  mqtt.subscribe(gossipFilter(site, { peer: node }), heardGossip).catch(() => {});
  const timer = setInterval(tick, TICK_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await turns.settled();
    },
  };
};

/** The node's key; made at the first start. */
const ownIdentity = async (path: string): Promise<Identity> => {
  try {
    return await openIdentity(path);
  } catch (error) {
    if (!(error instanceof NodeError) || error.code !== 'fileNotFound') throw error;
    return createIdentity(path);
  }
};

/** What the machine wants done. */
const createPerform = ({
  site,
  node,
  writer,
  mqtt,
  clock,
  vitals,
  identity,
}: MeshOptions & { readonly identity: Identity }): ((effects: readonly GossipEffect[]) => void) => {
  const { kid } = identity.publicKey;
  return (effects) => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send': {
          const payload = encodeSign1(writer.write(GOSSIP, effect.body, clock.unixMs()), kid, identity.sign);
          const topic = gossipTopic(site, node, effect.to);
          mqtt.publish({ topic, payload, qos: 1, retain: false });
          vitals.count('meshSent');
          vitals.count('meshSentBytes', payload.length + topic.length);
          break;
        }
        case 'mixed':
          if (effect.complete) vitals.count('meshCycles');
          break;
        case 'refused':
          vitals.count('meshUnmixed');
          break;
        case 'member':
          vitals.count(effect.state === 'evicted' ? 'meshEvicted' : 'meshSuspicions');
          break;
      }
    }
  };
};
