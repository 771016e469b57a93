import type { Codec } from '../../protocols/codec.ts';
import { Dissemination } from '../../protocols/dissemination/dissemination.ts';
import type { DisseminationEffect, GiveMessage, Publication } from '../../protocols/dissemination/messages.ts';
import { Door } from '../../protocols/door.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { PresenceBody } from '../../protocols/messages/presence.ts';
import { readTree, TREE, type TreeBody, type TreeMessage, writeTree } from '../../protocols/messages/tree.ts';
import { type OpenedPublication, openPublication } from '../../protocols/publication.ts';
import type { ReplayWindows } from '../../protocols/replay-windows.ts';
import { treeFilter, treeTopic } from '../../protocols/topics.ts';
import { errorMessage } from '../errors.ts';
import type { Clock } from '../io/clock.ts';
import type { MqttPort } from '../io/mqtt.ts';
import { openReceived } from '../io/received.ts';
import type { Notice } from '../log.ts';
import type { Vitals } from '../vitals.ts';
import { Attendance } from './attendance.ts';
import type { Keyring } from './keyring.ts';
import { createTurns } from './turns.ts';

/** Of a neighbour in a tree: a word a second for each range that is under way, and what it gives. */
export const TREE_RATE = { perSecond: 8, burst: 64 };
/** Two signatures, a path and a publication of 48 KiB. */
export const TREE_BYTES_MAX = 56 * 1_024;
/** Messages that wait for the disk. */
const WAITING_MAX = 64;
const TICK_MS = 250;

export interface TreeOptions {
  readonly site: string;
  readonly node: string;
  /** Of the node's state. */
  readonly directory: string;
  readonly codec: Codec;
  readonly mqtt: MqttPort;
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly notice: Notice;
  readonly keyring: Keyring;
  readonly windows: ReplayWindows;
  /** Seals, signs and publishes with QoS 1. */
  readonly say: (topic: string, body: TreeBody) => void;
  /** Whether a node is thought to be gone, though its presence is there. */
  readonly suspected: (node: string) => boolean;
}

export interface TreeDesk {
  /** What a node says of itself. */
  heardPresence(name: string, presence: PresenceBody): void;
  close(): Promise<void>;
}

/**
 * The node's part in the trees of its site: it keeps what is published to all, and hands it on to those whom it is
 * given. What is new lies on disk before anybody hears that it is here. Nodes publish nothing themselves: in a fleet
 * an operator does, whose signature every receiver checks; in an open mesh whoever is present.
 *
 * @throws NodeError of `openReceived`
 */
export const openTree = async (options: TreeOptions): Promise<TreeDesk> => {
  const { site, node, codec, mqtt, clock, vitals, notice, keyring, suspected } = options;
  const received = await openReceived(options.directory);
  const attendance = new Attendance(LIMITS.sendersMax);
  const tree = new Dissemination({
    ...{ self: node, members: () => attendance.present, suspected, newest: received.newest },
  });
  const nameOf = (sender: string): string => sender.slice(site.length + 1);
  const door = new Door({
    ...{ codec, rate: TREE_RATE, bytesMax: TREE_BYTES_MAX, windows: options.windows },
    keyOf: (sender) => {
      if (!sender.startsWith(`${site}/`)) return null;
      return keyring.keyOf(nameOf(sender), 'node') ?? keyring.keyOf(nameOf(sender), 'operator');
    },
  });
  const failed = (error: unknown): void => {
    vitals.trouble('received', `what is published to this node cannot be kept: ${errorMessage(error)}`);
  };
  const turns = createTurns(WAITING_MAX, failed);
  const perform = (effects: readonly DisseminationEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'missed') vitals.count('treeMissed');
      if (effect.kind === 'refused') vitals.count('treeRefused');
      if (effect.kind !== 'send') continue;
      if (effect.message.kind === 'give') vitals.count('treeRelayed');
      options.say(treeTopic(site, node, effect.to), writeTree(effect.message));
    }
  };
  const keep = async (give: GiveMessage, publication: OpenedPublication, peer: string): Promise<void> => {
    const isWanted = tree.isWanted(give);
    // A disk that fails says so by silence: whoever gave it asks once more, and then calls this node missed.
    const file = isWanted ? await received.write(publication) : '';
    const effects = tree.receive(peer, give, clock.monotonicMs());
    if (effects.some(({ kind }) => kind === 'deliver')) {
      vitals.count('treeDelivered');
      await received.commit().then(() => vitals.well('received'), failed);
      const { topic, origin, sequence, type, content } = publication;
      notice(`${origin} has published ${topic} ${sequence}: ${content.length} bytes of ${type} are in ${file}`);
    } else if (!effects.some(({ kind }) => kind === 'refused')) vitals.count('treeRepeated');
    perform(effects);
  };
  const take = async (peer: string, message: TreeMessage): Promise<void> => {
    if (message.kind === 'word') {
      perform(tree.receive(peer, message, clock.monotonicMs()));
      return;
    }
    const [origin = ''] = message.path;
    const key = keyring.keyOf(origin, 'operator');
    const opened = openPublication(codec, { site, origin, key }, message.payload);
    if (opened.ok) await keep({ ...message, ...named(opened.value) }, opened.value, peer);
    else vitals.count('treeRefused');
  };
  const heard = (topic: string, payload: Uint8Array): void => {
    const admission = door.admit(TREE, topic, payload, clock.monotonicMs());
    if (admission.ok) {
      const { sender, body } = admission.value;
      if (!turns.take(() => take(nameOf(sender), readTree(body)))) vitals.count('meshDropped');
    } else vitals.count('treeRefused');
  };
  mqtt.subscribe(treeFilter(site, { peer: node }), heard).catch(() => {});
  const timer = setInterval(() => {
    if (clock.monotonicMs() < tree.wakeAt) return;
    turns.take(async () => perform(tree.tick(clock.monotonicMs())));
  }, TICK_MS);
  return {
    heardPresence: (name, presence) => attendance.heard(name, presence),
    close: async () => {
      clearInterval(timer);
      await turns.settled();
    },
  };
};

const named = ({ topic, origin, sequence }: OpenedPublication): Publication => ({ topic, origin, sequence });
