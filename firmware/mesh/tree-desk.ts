import type { Codec } from '../../protocols/codec.ts';
import { Dissemination } from '../../protocols/dissemination/dissemination.ts';
import type { DisseminationEffect, GiveMessage, Publication } from '../../protocols/dissemination/messages.ts';
import type { Door } from '../../protocols/door.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { PresenceBody } from '../../protocols/messages/presence.ts';
import { readTree, TREE, type TreeBody, type TreeMessage, writeTree } from '../../protocols/messages/tree.ts';
import { type OpenedPublication, openPublication } from '../../protocols/publication.ts';
import { treeFilter, treeTopic } from '../../protocols/topics.ts';
import { errorMessage } from '../errors.ts';
import type { Clock } from '../io/clock.ts';
import type { MqttPort } from '../io/mqtt.ts';
import { openReceived, type Received } from '../io/received.ts';
import type { Notice } from '../log.ts';
import type { Vitals } from '../vitals.ts';
import { Attendance } from './attendance.ts';
import type { Keyring } from './keyring.ts';
import { createTurns, type Turns } from './turns.ts';

/** Of a neighbour in a tree: a word a second for each range that is under way, and what it gives. */
export const TREE_RATE = { perSecond: 8, burst: 64 };
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
  /** For nodes, who hand on, and operators, who publish. */
  readonly door: Door;
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
 * given. Nodes publish nothing themselves: in a fleet an operator does, whose signature every receiver checks; in an
 * open mesh whoever is present.
 *
 * @throws NodeError of `openReceived`
 */
export const openTree = async (options: TreeOptions): Promise<TreeDesk> => {
  const { site, node, mqtt } = options;
  const attendance = new Attendance(LIMITS.sendersMax);
  const relay = new Relay(options, await openReceived(options.directory), attendance);
  // A broker that is away is asked at the next connection.
  mqtt.subscribe(treeFilter(site, { peer: node }), (topic, payload) => relay.heard(topic, payload)).catch(() => {});
  const timer = setInterval(() => relay.tick(), TICK_MS);
  return {
    heardPresence: (name, presence) => attendance.heard(name, presence),
    close: async () => {
      clearInterval(timer);
      await relay.settled();
    },
  };
};

/** Messages and time become steps of the machine, one after the other, and its effects files, messages and counts. */
class Relay {
  private readonly tree: Dissemination;
  private readonly turns: Turns;
  private isTicking = false;

  constructor(
    private readonly options: TreeOptions,
    private readonly received: Received,
    attendance: Attendance,
  ) {
    const { node, suspected } = options;
    const { newest } = received;
    this.tree = new Dissemination({ self: node, members: () => attendance.present, suspected, newest });
    this.turns = createTurns(WAITING_MAX, this.failed);
  }

  heard(topic: string, payload: Uint8Array): void {
    const { site, door, vitals } = this.options;
    const admission = door.admit(TREE, topic, payload, this.now);
    if (!admission.ok) {
      vitals.count('treeRefused');
      return;
    }
    const { sender, body } = admission.value;
    const done = this.turns.take(() => this.take(sender.slice(site.length + 1), readTree(body)));
    if (!done) vitals.count('meshDropped');
  }

  tick(): void {
    if (this.isTicking || this.now < this.tree.wakeAt) return;
    this.isTicking = this.turns.take(async () => {
      this.isTicking = false;
      this.perform(this.tree.tick(this.now));
    });
  }

  settled(): Promise<void> {
    return this.turns.settled();
  }

  private async take(peer: string, message: TreeMessage): Promise<void> {
    if (message.kind === 'word') {
      this.perform(this.tree.receive(peer, message, this.now));
      return;
    }
    const { site, codec, keyring, vitals } = this.options;
    const [origin = ''] = message.path;
    const opened = openPublication(codec, { site, origin, key: keyring.keyOf(origin, 'operator') }, message.payload);
    if (opened.ok) await this.keep({ ...message, ...named(opened.value) }, opened.value, peer);
    else vitals.count('treeRefused');
  }

  /** What is new lies on disk before anybody hears that it is here. */
  private async keep(give: GiveMessage, publication: OpenedPublication, peer: string): Promise<void> {
    const { vitals, notice } = this.options;
    // A disk that fails says so by silence: whoever gave it asks once more, and then calls this node missed.
    const file = this.tree.isWanted(give) ? await this.received.write(publication) : '';
    const effects = this.tree.receive(peer, give, this.now);
    if (effects.some(({ kind }) => kind === 'deliver')) {
      vitals.count('treeDelivered');
      await this.received.commit().then(() => vitals.well('received'), this.failed);
      const { topic, origin, sequence, type, content } = publication;
      notice(`${origin} has published ${topic} ${sequence}: ${content.length} bytes of ${type} are in ${file}`);
    } else if (!effects.some(({ kind }) => kind === 'refused')) vitals.count('treeRepeated');
    this.perform(effects);
  }

  private perform(effects: readonly DisseminationEffect[]): void {
    const { site, node, vitals, say } = this.options;
    for (const effect of effects) {
      if (effect.kind === 'missed') vitals.count('treeMissed');
      if (effect.kind === 'refused') vitals.count('treeRefused');
      if (effect.kind !== 'send') continue;
      if (effect.message.kind === 'give') vitals.count('treeRelayed');
      say(treeTopic(site, node, effect.to), writeTree(effect.message));
    }
  }

  private readonly failed = (error: unknown): void => {
    const what = 'what is published to this node cannot be kept';
    this.options.vitals.trouble('received', `${what}: ${errorMessage(error)}`);
  };

  private get now(): number {
    return this.options.clock.monotonicMs();
  }
}

const named = ({ topic, origin, sequence }: OpenedPublication): Publication => ({ topic, origin, sequence });
