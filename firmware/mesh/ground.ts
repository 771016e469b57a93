import type { Role } from '../../protocols/access.ts';
import type { Codec } from '../../protocols/codec.ts';
import { encodeSign1, readSign1 } from '../../protocols/cose/sign1.ts';
import { Door } from '../../protocols/door.ts';
import { type Envelope, type EnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { MessageType } from '../../protocols/message.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { TREE } from '../../protocols/messages/tree.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import type { BucketRate } from '../../protocols/token-bucket.ts';
import { parseTopic, topicFilter } from '../../protocols/topics.ts';
import { MESH_DEFAULTS, type Mesh as MeshConfiguration } from '../configuration/mesh.ts';
import type { Clock } from '../io/clock.ts';
import { identityFolder } from '../io/fleet-folder.ts';
import { openIdentityKeys } from '../io/identity-folder.ts';
import type { Identity } from '../io/keys.ts';
import type { MqttPort } from '../io/mqtt.ts';
import type { Share } from '../io/share.ts';
import type { Notice } from '../log.ts';
import type { Vitals } from '../vitals.ts';
import { openFleet } from './fleet.ts';
import { openKeyring } from './keyring.ts';
import type { Life } from './life.ts';
import { MemberList } from './member-list.ts';
import { openTree, TREE_RATE } from './tree-desk.ts';

// A chunk of its own would cost more than it holds: whoever asks for one loads the other.
export { requireEnrolment } from './fleet.ts';

/** The largest signed message: an adapter of a star with its answers, or a publication of 48 KiB on its way. */
export const MESSAGE_BYTES_MAX = 56 * 1_024;
/**
 * A peer speaks up to six times a cycle, counting that others may double its pace. What is twice as much is refused
 * before its signature is looked at: a message that is let in costs the compute worker a few hundred inferences, as it
 * judges what the message brings, and decisions wait meanwhile.
 */
const PER_CYCLE = 12;
const RATE_MIN = 0.5;
const RATE_MAX = 20;
/** What a newcomer asks at once, and what waited while the broker was away. */
const BURST = 24;

export interface MeshOptions {
  readonly site: string;
  readonly node: string;
  readonly configuration: MeshConfiguration;
  readonly codec: Codec;
  /** Numbers everything that the node says. */
  readonly writer: EnvelopeWriter;
  readonly mqtt: MqttPort;
  /** Of the compute worker of the moment; null while there is none. */
  readonly share: () => Share | null;
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly notice: Notice;
  /** Of the node's state. */
  readonly directory: string;
  /** Of the node; its presence says the generation. */
  readonly life: Life;
}

/** What mesh and star stand on: who is there, whose word counts, a key of one's own, and what is published to all. */
export interface Ground {
  readonly members: MemberList;
  /** Opens a signed message, or counts why not; null when nothing came of it. @param topic without prefix */
  admit<Body>(type: MessageType<Body>, topic: string, payload: Uint8Array): Envelope<Body> | null;
  /**
   * Opens what an earlier life of this node has signed and left at the broker; null when it was somebody else. In an
   * open mesh, where nobody vouches for any key, a node that has lost its own believes what lies below its name.
   */
  recall<Body>(type: MessageType<Body>, payload: Uint8Array): Body | null;
  /** Whether messages of a node of this site can be read. */
  knows(node: string): boolean;
  /** Whether a node is thought to be gone, though its presence is there: then it relays only when nobody else can. */
  suspect(node: string, isGone: boolean): void;
  /** Seals, signs and publishes with QoS 1. */
  say<Body>(type: MessageType<Body>, topic: string, body: Body, retain: boolean): void;
  close(): Promise<void>;
}

/**
 * @param remembers whether messages that came before a restart are refused as repeated. Not what the broker retains: it
 *   is meant to be read again, and a star counts nothing twice
 * @param changed is called when the list of members has changed
 * @throws NodeError of `openIdentityKeys`, `openFleet` and `openTree`
 */
export const openGround = async (
  options: MeshOptions,
  { lineage }: Share,
  remembers: boolean,
  changed: (members: MemberList) => void,
): Promise<Ground> => {
  const { site, node, codec, writer, mqtt, clock, vitals } = options;
  const { fleet = null } = options.configuration;
  const identity = await ownIdentity(options.configuration, options.directory);
  const members = new MemberList(
    { name: node, generation: options.life.generation, present: true },
    lineage,
    LIMITS.sendersMax,
  );
  const windows = new ReplayWindows(LIMITS.sendersMax);
  const parts = { site, node, directory: options.directory, codec, mqtt, vitals, windows };
  const register = fleet === null ? null : await openFleet({ ...parts, folder: fleet });
  const keyring = register?.keyring ?? openKeyring(LIMITS.sendersMax);
  const seen = remembers ? windows : new ReplayWindows(LIMITS.sendersMax);
  const doorFor = (rate: BucketRate, ...roles: Role[]): Door =>
    new Door({
      ...{ codec, rate, bytesMax: MESSAGE_BYTES_MAX, windows: seen },
      keyOf: (sender) => {
        if (!sender.startsWith(`${site}/`)) return null;
        const name = sender.slice(site.length + 1);
        return roles.map((role) => keyring.keyOf(name, role)).find((key) => key !== null) ?? null;
      },
    });
  const door = doorFor(rateOf(options.configuration), 'node');
  const say: Ground['say'] = (type, topic, body, retain) => {
    const content = writer.write(type, body, clock.unixMs());
    const payload = encodeSign1(content, identity.publicKey.kid, identity.sign);
    mqtt.publish({ topic, payload, qos: 1, retain });
    vitals.count('meshSent');
    vitals.count('meshSentBytes', payload.length + topic.length);
  };
  const suspects = new Set<string>();
  const suspected = (name: string): boolean => suspects.has(name);
  const tree = await openTree({
    ...{ ...options, keyring, suspected, door: doorFor(TREE_RATE, 'node', 'operator') },
    say: (topic, body) => say(TREE, topic, body, false),
  });
  const heardPresence = (topic: string, payload: Uint8Array): void => {
    const name = parseTopic(topic)?.node;
    const opened = openEnvelope(codec, PRESENCE, payload);
    if (name === undefined || !opened.ok || opened.value.sender !== `${site}/${name}`) return;
    keyring.told(name, opened.value.body.mesh?.key);
    tree.heardPresence(name, opened.value.body);
    if (!members.heard(name, opened.value.body)) return;
    vitals.set('meshPeers', members.present - 1);
    changed(members);
  };
  vitals.set('meshPeers', 0);
  changed(members);
  // A broker that is away is asked at the next connection.
  mqtt.subscribe(topicFilter('presence', { site }), heardPresence).catch(() => {});
  return {
    members,
    admit: (type, topic, payload) => {
      const admission = door.admit(type, topic, payload, clock.monotonicMs());
      vitals.count(admission.ok ? 'meshReceived' : 'meshRefused');
      if (admission.ok) return admission.value;
      // Apart, as it should be what the network brought twice and nothing else.
      if (admission.reason === 'replayed') vitals.count('meshReplayed');
      return null;
    },
    recall: (type, payload) => {
      const signed = readSign1(payload);
      if (!signed.ok) return null;
      const { toBeSigned, signature, payload: content } = signed.value;
      const isOwn = identity.publicKey.verify(toBeSigned, signature);
      const opened = openEnvelope(codec, type, content);
      if (!opened.ok || opened.value.sender !== `${site}/${node}`) return null;
      return isOwn || options.configuration.fleet === undefined ? opened.value.body : null;
    },
    knows: (name) => keyring.keyOf(name, 'node') !== null,
    suspect: (name, isGone) => void (isGone ? suspects.add(name) : suspects.delete(name)),
    say,
    close: async () => {
      await tree.close();
      await register?.close();
    },
  };
};

const rateOf = ({ everySeconds = MESH_DEFAULTS.everySeconds }: MeshConfiguration): BucketRate => {
  return { perSecond: Math.min(RATE_MAX, Math.max(RATE_MIN, PER_CYCLE / everySeconds)), burst: BURST };
};

/**
 * The node's key; made at the first start.
 *
 * @param directory of the node's state
 * @throws NodeError of `openIdentityKeys`
 */
export const ownIdentity = async ({ fleet }: MeshConfiguration, directory: string): Promise<Identity> =>
  (await openIdentityKeys(fleet ?? identityFolder(directory))).identity;
