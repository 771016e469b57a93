import type { Aedes, Client, PublishPacket } from 'aedes';
import type { BrokerStore } from './open.ts';
import { ownPayload } from './packets.ts';

type Done = (error?: Error | null) => void;

/**
 * Holds a message back until what it must outlive is on disk: aedes sends PUBACK before it stores anything, so the
 * storing is done in its hook before that. Messages of one client keep their order: one that needs no disk waits behind
 * those that do.
 */
export class Admission {
  /** How many QoS 1 messages of a client wait for the disk, and how many QoS 0 messages for their turn. */
  private readonly held = new WeakMap<Client, number>();
  private readonly turns = new WeakMap<Client, number>();
  /** Accepted, but not passed on, because the publisher does not read its PUBACKs. */
  private readonly stuck = new WeakMap<Client, Set<PublishPacket>>();
  private readonly aedes: Aedes;
  private readonly store: Pick<BrokerStore, 'persistence' | 'accepted' | 'disk'>;

  constructor(aedes: Aedes, store: BrokerStore) {
    this.aedes = aedes;
    this.store = store;
    aedes.on('clientDisconnect', (client) => twoTurnsLater(() => this.passOn(client)));
  }

  /** The hook `authorizePublish` of aedes. */
  authorize(client: Client, packet: PublishPacket, done: Done): void {
    // QoS 2 is made durable by `incomingStorePacket`.
    if (packet.qos === 2) done(null);
    else if (packet.qos === 1) void this.admit(client, packet, done);
    else if (packet.retain || this.turns.has(client)) this.takeTurn(client, packet, done);
    else done(null);
  }

  /**
   * A retained message takes aedes a promise longer than others, and the next one of the same read would overtake it:
   * each gets a turn of the event loop of its own.
   */
  private takeTurn(client: Client, packet: PublishPacket, done: Done): void {
    if (packet.retain) ownPayload(packet);
    add(this.turns, client, 1);
    setImmediate(() => {
      add(this.turns, client, -1);
      done(null);
    });
  }

  private async admit(client: Client, packet: PublishPacket, done: Done): Promise<void> {
    let needsDisk: boolean;
    try {
      // As many promises for every message, or they would overtake one another here.
      needsDisk = await this.store.persistence.admit(packet);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (!needsDisk && !this.held.has(client)) {
      done(null);
      return;
    }
    add(this.held, client, 1);
    this.store.disk.durable((error) => {
      add(this.held, client, -1);
      if (error !== null && this.store.accepted.dismiss(packet)) {
        done(error);
        return;
      }
      done(null);
      if (packet.messageId !== undefined) twoTurnsLater(() => this.check(client, packet));
    });
  }

  /**
   * aedes passes a message on when its PUBACK has left for the socket, and not at all when the connection is lost
   * before. Once durable it is accepted, though: then it is passed on from here.
   */
  private check(client: Client, packet: PublishPacket): void {
    if (!this.store.accepted.has(packet)) return;
    const stuck = this.stuck.get(client) ?? new Set();
    this.stuck.set(client, stuck.add(packet));
    if (client.closed) this.passOn(client);
  }

  private passOn(client: Client): void {
    const packets = this.stuck.get(client) ?? [];
    this.stuck.delete(client);
    for (const packet of packets) {
      if (this.store.accepted.has(packet)) setImmediate(() => this.aedes.publish(packet, () => {}));
    }
  }
}

const add = (counts: WeakMap<Client, number>, client: Client, by: 1 | -1): void => {
  const count = (counts.get(client) ?? 0) + by;
  if (count === 0) counts.delete(client);
  else counts.set(client, count);
};

/** After every callback that is due now. */
const twoTurnsLater = (task: () => void): void => void setImmediate(() => setImmediate(task));
