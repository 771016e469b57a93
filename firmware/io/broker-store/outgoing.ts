import { Readable } from 'node:stream';
import type { QueueEntry } from '../../machines/session-queue.ts';
import type { Disk } from './disk.ts';
import { outgoingKey } from './keys.ts';
import type { BrokerPacket, ClientOf, OutgoingPacket } from './packets.ts';
import type { BrokerRecords } from './records.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** Messages on their way from the queues to their clients. */
export class Outgoing {
  private readonly disk: Disk;
  private readonly records: BrokerRecords;
  private readonly sessions: Sessions;

  constructor(disk: Disk, records: BrokerRecords, sessions: Sessions) {
    this.disk = disk;
    this.records = records;
    this.sessions = sessions;
  }

  /**
   * A packet is about to be sent, or was received (PUBREC). An identifier in use is replaced by a free one, in the
   * packet itself. What was given up by a bound meanwhile is no error: it is sent once more or answered, and forgotten.
   */
  async update(client: ClientOf, packet: OutgoingPacket): Promise<void> {
    const session = this.sessions.find(client.id);
    if (session === undefined) return;
    if (packet.cmd === 'pubrel') {
      const released = session.queue.release(packet.messageId);
      if (released === undefined) return;
      this.sessions.released(session, released);
      await this.disk.flushed();
      return;
    }
    const entry = session.queue.find(packet.brokerId, packet.brokerCounter);
    const known = entry !== undefined && entry.messageId === packet.messageId;
    if (entry !== undefined && packet.messageId !== undefined) {
      packet.messageId = session.queue.sending(entry, packet.messageId, client.conn ?? null);
    }
    session.progressed();
    if (entry === undefined || packet.messageId === undefined) return;
    if (entry.qos < 2 || known) return;
    // A QoS 2 message that comes again after a restart must come under the same identifier, or it is delivered twice.
    const { sequence } = entry.message;
    this.disk.put(outgoingKey(session.number, packet.messageId), this.records.writeOutgoing(sequence));
    await this.disk.flushed();
  }

  /** PUBACK or PUBCOMP; returns what it was for. Without an identifier there is nothing to find: aedes asks anyway. */
  async clear(client: ClientOf, packet: { messageId?: number }): Promise<OutgoingPacket | undefined> {
    const session = this.sessions.find(client.id);
    const { messageId } = packet;
    if (session === undefined || messageId === undefined) return undefined;
    const entry = session.queue.acknowledged(messageId);
    if (entry !== undefined) {
      this.sessions.finished(session, entry);
      return { ...packetOf(entry), messageId };
    }
    if (!session.queue.releasedIds.has(messageId)) return undefined;
    this.sessions.completed(session, messageId);
    return { cmd: 'pubrel', messageId };
  }

  stream(client: ClientOf): Readable {
    const session = this.sessions.find(client.id);
    return Readable.from(session === undefined ? [] : catchUp(session, client.conn ?? null), { highWaterMark: 1 });
  }

  /**
   * Whether a message may go out to a client now. A session gets what waited for it first, in order, and then follows
   * [MQTT-4.6.0-6]; until it has caught up, new messages are queued behind.
   */
  mayFollow(client: ClientOf, packet: BrokerPacket): boolean {
    const session = this.sessions.find(client.id);
    const entry = session?.queue.find(packet.brokerId, packet.brokerCounter);
    if (session === undefined || entry === undefined) return true;
    // aedes knows the QoS of a subscription only when its filter has no wildcard [MQTT-3.8.4-6].
    packet.qos = entry.qos as 0 | 1 | 2;
    return session.caughtUpOn === client.conn && entry.sentOn !== client.conn;
  }
}

/** As aedes sends it: a message that waited is not sent as a retained one [MQTT-3.3.1-9]. */
const packetOf = ({ message, qos, brokerId, brokerCounter, messageId }: QueueEntry): BrokerPacket => ({
  cmd: 'publish',
  brokerId,
  brokerCounter,
  topic: message.topic,
  payload: message.payload as Buffer | string,
  qos: qos as 0 | 1 | 2,
  retain: false,
  dup: false,
  messageId: messageId as number,
});

/** What waits for a session, until all of it is sent: what arrives meanwhile queues up behind. */
async function* catchUp(session: Session, connection: object | null): AsyncGenerator<OutgoingPacket> {
  const { queue } = session;
  for (const messageId of [...queue.releasedIds]) yield { cmd: 'pubrel', messageId };
  for (;;) {
    let last: QueueEntry | null = null;
    for (const entry of queue.unsent(connection)) {
      last = entry;
      yield packetOf(entry);
    }
    if (last === null || connection === null) break;
    // aedes' streams hold some packets back; nothing may overtake them.
    while (last.sentOn !== connection && queue.has(last.message.sequence)) {
      await new Promise<void>((resolve) => {
        session.progressed = resolve;
      });
    }
  }
  session.caughtUpOn = connection;
}
