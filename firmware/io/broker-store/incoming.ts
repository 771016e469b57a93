import type { PublishPacket } from 'aedes';
import type { Disk } from './disk.ts';
import { incomingKey } from './keys.ts';
import type { ClientOf } from './packets.ts';
import type { Sessions } from './sessions.ts';

/** As much of received QoS 2 messages is kept per client; of later ones the identifier, which is all aedes asks for. */
const INCOMING_BYTES_MAX = 64 * 1024;

/** Received QoS 2 messages until they are released: one that comes again is not passed on again [MQTT-4.3.3-2]. */
export class Incoming {
  /** Of clean sessions, which end with the connection and so never reach the disk. */
  private readonly passing = new Map<string, Map<number, PublishPacket>>();
  private readonly disk: Disk;
  private readonly sessions: Sessions;

  constructor(disk: Disk, sessions: Sessions) {
    this.disk = disk;
    this.sessions = sessions;
  }

  async store(client: ClientOf, packet: PublishPacket, admitted: boolean): Promise<void> {
    const messageId = packet.messageId!;
    try {
      const remembered = client.clean === true ? this.rememberPassing(client, packet) : this.remember(client, packet);
      if (admitted || remembered) await this.disk.flushed();
      else await new Promise((resolve) => setImmediate(resolve));
    } catch (error) {
      await this.remove(client, { messageId }).catch(() => {});
      throw error;
    }
  }

  async find(client: ClientOf, packet: { messageId: number }): Promise<PublishPacket> {
    const known = this.openOf(client)?.get(packet.messageId);
    if (known === undefined) throw new Error(`no packet ${packet.messageId} of ${client.id} is open`);
    return known;
  }

  async remove(client: ClientOf, packet: { messageId: number }): Promise<void> {
    const known = this.openOf(client);
    if (known === undefined || !known.delete(packet.messageId)) {
      throw new Error(`no packet ${packet.messageId} of ${client.id} is open`);
    }
    const session = this.sessions.find(client.id);
    if (session === undefined) return;
    if (known.size === 0) session.incomingBytes = 0;
    this.disk.remove(incomingKey(session.number, packet.messageId));
  }

  async clean(client: ClientOf): Promise<void> {
    this.passing.delete(client.id);
    const session = this.sessions.find(client.id);
    if (session !== undefined) this.sessions.forgetIncoming(session);
  }

  /** Of a clean session: it ends with the connection, which a crash of the broker ends too. */
  private rememberPassing(client: ClientOf, packet: PublishPacket): boolean {
    const known = this.passing.get(client.id) ?? new Map<number, PublishPacket>();
    this.passing.set(client.id, known.set(packet.messageId!, { ...packet, payload: '' }));
    return false;
  }

  private remember(client: ClientOf, packet: PublishPacket): boolean {
    const { disk, sessions } = this;
    const session = sessions.openFor(client);
    if (session.incoming.size === 0) sessions.save(session);
    session.incomingBytes += packet.payload.length;
    const payload = session.incomingBytes <= INCOMING_BYTES_MAX ? packet.payload : '';
    const { length: _, ...copy } = packet;
    session.incoming.set(packet.messageId!, { ...copy, payload });
    disk.put(incomingKey(session.number, packet.messageId!), new Uint8Array(0));
    return true;
  }

  private openOf(client: ClientOf): Map<number, PublishPacket> | undefined {
    return client.clean === true ? this.passing.get(client.id) : this.sessions.find(client.id)?.incoming;
  }
}
