/** A message that was accepted for sessions, kept once however many of them wait for it. */
export interface StoredMessage {
  /** Order of acceptance; its name on disk. */
  readonly sequence: number;
  readonly topic: string;
  readonly payload: Uint8Array | string;
  /** Of the publisher. */
  readonly qos: number;
  /** What it is counted with: topic, payload and OVERHEAD_BYTES. */
  readonly bytes: number;
  /** Numbers of the sessions that have not finished with it, and the QoS for each. */
  readonly waiting: Map<number, number>;
  /** Numbers of those that have; on disk until the last one has too. */
  readonly finished: number[];
}

export interface QueueEntry {
  readonly message: StoredMessage;
  readonly qos: number;
  /** Which packet of the broker it is, so that the broker's answer finds it. */
  readonly brokerId: string;
  readonly brokerCounter: number;
  /** Undefined until it is sent for the first time. */
  messageId: number | undefined;
  /** The connection it went out on last. */
  sentOn: object | null;
}

/** Packet identifiers are 1 to 65535 [MQTT-2.3.1-1]. */
const MESSAGE_ID_MAX = 65_535;

/**
 * The QoS 1 and 2 messages of one session: waiting to be sent, or sent and not yet acknowledged, in order. An entry
 * leaves when it is acknowledged (PUBACK), released (PUBREC, after which only its identifier counts), or dropped.
 */
export class SessionQueue {
  private readonly entries = new Map<number, QueueEntry>();
  private readonly byPacket = new Map<string, QueueEntry>();
  private readonly byMessageId = new Map<number, QueueEntry>();
  /** Identifiers whose PUBCOMP is awaited, in order [MQTT-4.3.3-1]. */
  private readonly released = new Set<number>();
  /** Sum over the entries. */
  bytes = 0;

  get count(): number {
    return this.entries.size;
  }

  get releasedIds(): ReadonlySet<number> {
    return this.released;
  }

  /** The packet is known by the broker's name of it until it leaves. */
  add(message: StoredMessage, qos: number, brokerId: string, brokerCounter: number): QueueEntry {
    const entry = { message, qos, brokerId, brokerCounter, messageId: undefined, sentOn: null };
    this.entries.set(message.sequence, entry);
    this.byPacket.set(packetName(brokerId, brokerCounter), entry);
    this.bytes += message.bytes;
    return entry;
  }

  find(brokerId: string, brokerCounter: number): QueueEntry | undefined {
    return this.byPacket.get(packetName(brokerId, brokerCounter));
  }

  has(sequence: number): boolean {
    return this.entries.has(sequence);
  }

  oldest(): QueueEntry | undefined {
    for (const entry of this.entries.values()) return entry;
    return undefined;
  }

  /** Entries not yet sent on this connection, in order, those included that are added while the caller iterates. */
  *unsent(connection: object | null): Generator<QueueEntry> {
    for (const entry of this.entries.values()) {
      if (connection === null || entry.sentOn !== connection) yield entry;
    }
  }

  /**
   * Notes that an entry is being sent under an identifier, and returns the one to use: an identifier that another
   * message still has in flight is replaced by the next free one [MQTT-2.3.1-4].
   */
  sending(entry: QueueEntry, messageId: number, connection: object | null): number {
    if (entry.messageId !== undefined) this.byMessageId.delete(entry.messageId);
    let id = messageId;
    while (this.byMessageId.has(id) || this.released.has(id)) id = id >= MESSAGE_ID_MAX ? 1 : id + 1;
    entry.messageId = id;
    entry.sentOn = connection;
    this.byMessageId.set(id, entry);
    return id;
  }

  /** The entry was acknowledged (or is given up): it leaves. */
  acknowledged(messageId: number): QueueEntry | undefined {
    const entry = this.byMessageId.get(messageId);
    if (entry !== undefined) this.remove(entry.message.sequence);
    return entry;
  }

  /** PUBREC: the receiver has the message, only the identifier is still open. Undefined when it is not known. */
  release(messageId: number): QueueEntry | undefined {
    const entry = this.acknowledged(messageId);
    if (entry !== undefined) this.released.add(messageId);
    return entry;
  }

  /** A released identifier found on disk. */
  restoreReleased(messageId: number): void {
    this.released.add(messageId);
  }

  /** PUBCOMP; false when nothing was released under this identifier. */
  completed(messageId: number): boolean {
    return this.released.delete(messageId);
  }

  remove(sequence: number): QueueEntry | undefined {
    const entry = this.entries.get(sequence);
    if (entry === undefined) return undefined;
    this.entries.delete(sequence);
    this.byPacket.delete(packetName(entry.brokerId, entry.brokerCounter));
    if (entry.messageId !== undefined) this.byMessageId.delete(entry.messageId);
    this.bytes -= entry.message.bytes;
    return entry;
  }
}

const packetName = (brokerId: string, brokerCounter: number): string => `${brokerId}:${brokerCounter}`;
