import type { Readable } from 'node:stream';
import type { Aedes, PublishPacket, Subscription } from 'aedes';
import MemoryPersistence from 'aedes-persistence/asyncPersistence.js';
import type { Accepted } from './accepted.ts';
import type { Contents } from './contents.ts';
import type { Disk } from './disk.ts';
import type { Incoming } from './incoming.ts';
import { willKey } from './keys.ts';
import type { Outgoing } from './outgoing.ts';
import type { BrokerPacket, ClientOf, OutgoingPacket, Subscriber } from './packets.ts';
import type { BrokerRecords, WillRecord } from './records.ts';
import type { Retained } from './retained.ts';
import type { Sessions } from './sessions.ts';

type Broker = Pick<Aedes, 'id'>;
type Will = PublishPacket & { clientId?: string; brokerId?: string };

export interface PersistenceParts {
  readonly disk: Disk;
  readonly records: BrokerRecords;
  readonly sessions: Sessions;
  readonly retained: Retained;
  readonly accepted: Accepted;
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  readonly refusedRetained: () => void;
}

/**
 * Persistence of the embedded broker (the interface of aedes-persistence 11): everything in memory, with what must
 * outlive the process on disk. Matching of topics is left to aedes' own memory persistence.
 *
 * What a client is promised (PUBACK, PUBREC, SUBACK, UNSUBACK) waits for the disk; everything else is written behind.
 * Between the moment aedes numbers a message and its delivery nothing may wait: a message that a later one overtakes is
 * dropped by aedes as a duplicate. So messages are made durable earlier, by `admit` (QoS 1, before its PUBACK) and by
 * `incomingStorePacket` (QoS 2, before its PUBREC).
 */
export class DurablePersistence {
  private readonly memory = new MemoryPersistence();
  private readonly parts: PersistenceParts;
  broker: Broker | null = null;

  constructor(parts: PersistenceParts) {
    this.parts = parts;
  }

  async setup(broker: Broker): Promise<void> {
    this.broker = broker;
    await this.memory.setup(broker);
  }

  /** Takes over what was found on disk. */
  async restore({ retained, sessions }: Contents): Promise<void> {
    for (const each of retained) {
      this.parts.retained.restore(each);
      await this.memory.storeRetained(asPublish({ ...each, retain: true }));
    }
    for (const { clientId, subscriptions } of sessions) {
      const list = [...subscriptions].map(([topic, qos]) => ({ topic, qos }) as Subscription);
      if (list.length > 0) await this.memory.addSubscriptions({ id: clientId }, list);
    }
  }

  /** A session is given up for a new one. */
  forget(clientId: string): void {
    void this.memory.cleanSubscriptions({ id: clientId });
  }

  // --- retained messages

  async storeRetained(packet: BrokerPacket): Promise<void> {
    const { accepted, retained } = this.parts;
    if (!retained.publish(packet, accepted.has(packet))) this.parts.refusedRetained();
    else await this.memory.storeRetained(packet);
  }

  createRetainedStream(pattern: string): Readable {
    return this.memory.createRetainedStream(pattern);
  }

  createRetainedStreamCombi(patterns: string[]): Readable {
    return this.memory.createRetainedStreamCombi(patterns);
  }

  // --- subscriptions

  async addSubscriptions(client: ClientOf, subscriptions: Subscription[]): Promise<void> {
    const session = this.parts.sessions.openFor(client);
    // aedes passes on what its own hook has refused, too.
    const granted = subscriptions.filter(({ qos }) => qos <= 2);
    for (const { topic, qos } of granted) session.subscriptions.set(topic, qos);
    await this.memory.addSubscriptions(client, granted);
    this.parts.sessions.save(session);
    await this.parts.disk.flushed();
  }

  async removeSubscriptions(client: ClientOf, topics: string[]): Promise<void> {
    await this.memory.removeSubscriptions(client, topics);
    const session = this.parts.sessions.find(client.id);
    if (session === undefined) return;
    for (const topic of topics) session.subscriptions.delete(topic);
    this.parts.sessions.save(session);
    await this.parts.disk.flushed();
  }

  async cleanSubscriptions(client: ClientOf): Promise<void> {
    const session = this.parts.sessions.find(client.id);
    if (session === undefined) return;
    await this.memory.cleanSubscriptions(client);
    this.parts.sessions.close(session);
    await this.parts.disk.flushed();
  }

  subscriptionsByClient(client: ClientOf) {
    return this.memory.subscriptionsByClient(client);
  }

  subscriptionsByTopic(topic: string) {
    return this.memory.subscriptionsByTopic(topic);
  }

  countOffline() {
    return this.memory.countOffline();
  }

  getClientList(topic: string): Readable {
    return this.memory.getClientList(topic);
  }

  // --- messages on their way to sessions

  /** Says whether the answer to the publisher must wait for the disk. */
  async admit(packet: PublishPacket): Promise<boolean> {
    return this.parts.accepted.admit(packet, await this.memory.subscriptionsByTopic(packet.topic));
  }

  outgoingEnqueue(subscriber: Subscriber, packet: BrokerPacket): Promise<void> {
    return this.outgoingEnqueueCombi([subscriber], packet);
  }

  async outgoingEnqueueCombi(subscribers: readonly Subscriber[], packet: BrokerPacket): Promise<void> {
    this.parts.accepted.passOn(packet, subscribers);
  }

  outgoingUpdate(client: ClientOf, packet: OutgoingPacket): Promise<void> {
    return this.parts.outgoing.update(client, packet);
  }

  outgoingClearMessageId(client: ClientOf, packet: { messageId?: number }): Promise<OutgoingPacket | undefined> {
    return this.parts.outgoing.clear(client, packet);
  }

  outgoingStream(client: ClientOf): Readable {
    return this.parts.outgoing.stream(client);
  }

  // --- messages on their way from clients (QoS 2)

  async incomingStorePacket(client: ClientOf, packet: PublishPacket): Promise<void> {
    const admitted = await this.admit(packet);
    try {
      await this.parts.incoming.store(client, packet, admitted);
    } catch (error) {
      this.parts.accepted.dismiss(packet);
      throw error;
    }
  }

  incomingGetPacket(client: ClientOf, packet: { messageId: number }): Promise<PublishPacket> {
    return this.parts.incoming.find(client, packet);
  }

  incomingDelPacket(client: ClientOf, packet: { messageId: number }): Promise<void> {
    return this.parts.incoming.remove(client, packet);
  }

  cleanIncoming(client: ClientOf): Promise<void> {
    return this.parts.incoming.clean(client);
  }

  // --- wills

  async putWill(client: ClientOf, packet: Will): Promise<void> {
    await this.memory.putWill(client, packet);
    const { disk, records } = this.parts;
    const { topic, qos, retain } = packet;
    const payload = Buffer.from(packet.payload);
    disk.put(willKey(client.id), records.writeWill({ clientId: client.id, topic, payload, qos, retain }));
    // A client is not refused for its will: without a disk it is kept in memory, and written when there is one.
    await disk.flushed().catch(() => {});
  }

  getWill(client: ClientOf) {
    return this.memory.getWill(client);
  }

  async delWill(client: ClientOf) {
    const will = await this.memory.delWill(client);
    if (will !== undefined) this.parts.disk.remove(willKey(client.id));
    return will;
  }

  /** A will that was left from before is out; unless its client is back with another, nothing is left of it. */
  async willPublished(clientId: string): Promise<void> {
    if ((await this.memory.getWill({ id: clientId })) === undefined) this.parts.disk.remove(willKey(clientId));
  }

  streamWill(brokers?: Record<string, number>): Readable {
    return this.memory.streamWill(brokers);
  }

  async destroy(): Promise<void> {
    await this.memory.destroy();
    await this.parts.disk.close();
  }
}

const asPublish = ({ qos, ...packet }: Omit<WillRecord, 'clientId'>): BrokerPacket => ({
  ...{ cmd: 'publish', dup: false, brokerId: '', brokerCounter: 0 },
  ...{ topic: packet.topic, payload: packet.payload as Buffer, retain: packet.retain, qos: qos as 0 | 1 | 2 },
});
