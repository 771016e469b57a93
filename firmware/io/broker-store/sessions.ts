import type { BrokerLimits } from '../../machines/broker-limits.ts';
import type { QueueEntry, StoredMessage } from '../../machines/session-queue.ts';
import type { Disk } from './disk.ts';
import { finishedKey, incomingKey, messageKey, outgoingKey, sessionKey } from './keys.ts';
import type { ClientOf } from './packets.ts';
import { type BrokerRecords, RELEASED } from './records.ts';
import { createSession, type Session } from './session.ts';

/** What a message costs in memory beside topic and payload, for the accounting. */
const OVERHEAD_BYTES = 256;

export interface Packet {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly qos: number;
}

export interface SessionsReport {
  /** Messages given up because a bound was reached. */
  dropped(count: number): void;
  /** The longest unused session was given up for a new one. */
  evicted(clientId: string): void;
  /** Messages that wait, and their bytes. */
  waiting(count: number, bytes: number): void;
}

/** Every session and every message that waits for one, in memory, with what must be on disk written along. */
export class Sessions {
  private readonly byClient = new Map<string, Session>();
  private readonly byNumber = new Map<number, Session>();
  /** In order of acceptance. */
  private readonly messages = new Map<number, StoredMessage>();
  private bytes = 0;
  private nextSequence = 0;
  private nextNumber = 0;
  private nextSeen = 0;
  private readonly disk: Disk;
  private readonly records: BrokerRecords;
  private readonly limits: BrokerLimits;
  private readonly report: SessionsReport;

  constructor(disk: Disk, records: BrokerRecords, limits: BrokerLimits, report: SessionsReport) {
    this.disk = disk;
    this.records = records;
    this.limits = limits;
    this.report = report;
  }

  get count(): number {
    return this.byClient.size;
  }

  find(clientId: string): Session | undefined {
    return this.byClient.get(clientId);
  }

  withNumber(number: number): Session | undefined {
    return this.byNumber.get(number);
  }

  /** False when there are as many as may be, and every one of them is connected. */
  hasRoom(): boolean {
    return this.count < this.limits.sessions || [...this.byClient.values()].some(({ online }) => !online);
  }

  /** The session of a client, made when there is none: the one that was not used for longest gives way. */
  open(clientId: string): Session {
    const known = this.byClient.get(clientId);
    if (known !== undefined) return known;
    if (this.count >= this.limits.sessions) this.evict();
    const session = createSession(this.nextNumber, clientId, this.nextSeen);
    this.restore(session);
    return session;
  }

  /** As `open`. A session that begins during a connection has nothing to catch up with on it. */
  openFor(client: ClientOf): Session {
    const known = this.byClient.get(client.id);
    if (known !== undefined) return known;
    const session = this.open(client.id);
    session.online = client.conn !== undefined;
    session.caughtUpOn = client.conn ?? null;
    return session;
  }

  /** Takes over a session found on disk. */
  restore(session: Session): void {
    this.byClient.set(session.clientId, session);
    this.byNumber.set(session.number, session);
    this.nextNumber = Math.max(this.nextNumber, session.number + 1);
    this.nextSeen = Math.max(this.nextSeen, session.seen + 1);
  }

  /** The session was used: it is the last to be given up. */
  touch(session: Session, online: boolean): void {
    session.online = online;
    session.seen = this.nextSeen++;
    this.save(session);
  }

  save(session: Session): void {
    this.disk.put(sessionKey(session.number), this.records.writeSession(session));
  }

  /** Forgets a session with everything that waits for it. */
  close(session: Session): void {
    for (const { message } of session.queue.unsent(null)) this.leave(session, message.sequence);
    for (const id of session.queue.releasedIds) this.disk.remove(outgoingKey(session.number, id));
    this.forgetIncoming(session);
    this.disk.remove(sessionKey(session.number));
    this.byClient.delete(session.clientId);
    this.byNumber.delete(session.number);
  }

  forgetIncoming(session: Session): void {
    for (const id of session.incoming.keys()) this.disk.remove(incomingKey(session.number, id));
    session.incoming.clear();
    session.incomingBytes = 0;
  }

  /** A message for these sessions, not yet in their queues. */
  accept({ topic, payload, qos }: Packet, waiting: Map<number, number>): StoredMessage {
    const bytes = topic.length + payload.length + OVERHEAD_BYTES;
    return { sequence: this.nextSequence++, topic, payload, qos, bytes, waiting, finished: [] };
  }

  /** Puts a message on disk (again, when the sessions that it is for have changed). */
  write(message: StoredMessage): void {
    if (message.waiting.size === 0) this.disk.remove(messageKey(message.sequence));
    else this.disk.put(messageKey(message.sequence), this.records.writeMessage(asRecord(message)));
  }

  /** The message joins the queues of the (existing) sessions it is for; what is above a bound goes, oldest first. */
  enqueue(message: StoredMessage, brokerId: string, brokerCounter: number): void {
    if (message.waiting.size === 0) return;
    this.nextSequence = Math.max(this.nextSequence, message.sequence + 1);
    this.messages.set(message.sequence, message);
    this.bytes += message.bytes;
    for (const [number, qos] of message.waiting) {
      const session = this.byNumber.get(number)!;
      session.queue.add(message, qos, brokerId, brokerCounter);
      this.trim(session);
    }
    while (this.bytes > this.limits.storedBytes) this.drop(this.messages.values().next().value!);
    this.report.waiting(this.messages.size, this.bytes);
  }

  /** A session has finished with a message: acknowledged, released or given up. */
  finished(session: Session, { message, messageId, qos }: QueueEntry): void {
    if (qos === 2 && messageId !== undefined) this.disk.remove(outgoingKey(session.number, messageId));
    message.waiting.delete(session.number);
    if (message.waiting.size > 0) {
      message.finished.push(session.number);
      this.disk.put(finishedKey(message.sequence, session.number), NOTHING);
      return;
    }
    this.discard(message);
    if (!this.messages.delete(message.sequence)) return;
    this.bytes -= message.bytes;
    this.report.waiting(this.messages.size, this.bytes);
  }

  /** Takes a message off the disk that nobody waits for. */
  discard({ sequence, finished }: StoredMessage): void {
    this.nextSequence = Math.max(this.nextSequence, sequence + 1);
    this.disk.remove(messageKey(sequence));
    for (const number of finished) this.disk.remove(finishedKey(sequence, number));
  }

  /** PUBREC arrived for it: from now on only its identifier is remembered. */
  released(session: Session, entry: QueueEntry): void {
    const { messageId } = entry;
    this.finished(session, entry);
    this.disk.put(outgoingKey(session.number, messageId!), this.records.writeOutgoing(RELEASED));
    const [oldest] = session.queue.releasedIds;
    if (session.queue.releasedIds.size > this.limits.queueMessages) this.completed(session, oldest!);
  }

  completed(session: Session, messageId: number): void {
    if (session.queue.completed(messageId)) this.disk.remove(outgoingKey(session.number, messageId));
  }

  private leave(session: Session, sequence: number): void {
    const entry = session.queue.remove(sequence);
    if (entry !== undefined) this.finished(session, entry);
  }

  private trim(session: Session): void {
    const { queue } = session;
    while (queue.count > this.limits.queueMessages || queue.bytes > this.limits.queueBytes) {
      this.leave(session, queue.oldest()!.message.sequence);
      this.report.dropped(1);
    }
  }

  private drop(message: StoredMessage): void {
    for (const number of [...message.waiting.keys()]) {
      this.leave(this.byNumber.get(number)!, message.sequence);
      this.report.dropped(1);
    }
  }

  private evict(): void {
    let oldest: Session | null = null;
    for (const session of this.byClient.values()) {
      if (!session.online && (oldest === null || session.seen < oldest.seen)) oldest = session;
    }
    if (oldest === null) throw new Error(`no room for another session: all ${this.count} are connected`);
    this.report.evicted(oldest.clientId);
    this.close(oldest);
  }
}

const NOTHING = new Uint8Array(0);

const asRecord = ({ topic, payload, qos, waiting }: StoredMessage) => ({
  ...{ topic, qos, waiting },
  payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
});
