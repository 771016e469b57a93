import type { PublishPacket } from 'aedes';
import type { StoredMessage } from '../../machines/session-queue.ts';
import type { Disk } from './disk.ts';
import { type BrokerPacket, ownPayload, type Subscriber } from './packets.ts';
import type { Retained } from './retained.ts';
import type { Sessions } from './sessions.ts';

/** What was accepted before its publisher was answered; no message when it is only retained. */
interface Acceptance {
  readonly message: StoredMessage | null;
}

/**
 * Messages between their acceptance, which their publisher is told, and the moment when aedes passes them on. Of all
 * there is of a packet, aedes keeps one object from its first hook to its last: the payload, by which they are known.
 */
export class Accepted {
  private readonly pending = new WeakMap<object, Acceptance>();
  private readonly disk: Disk;
  private readonly sessions: Sessions;
  private readonly retained: Retained;

  constructor(disk: Disk, sessions: Sessions, retained: Retained) {
    this.disk = disk;
    this.sessions = sessions;
    this.retained = retained;
  }

  /**
   * Puts a message where it will be found after a crash; nothing touches the disk when no session waits for it and it
   * is not to be retained. Says whether the publisher's answer must wait for the disk.
   */
  admit(packet: PublishPacket, subscribers: readonly Subscriber[]): boolean {
    const waiting = this.sessionsOf(subscribers, packet.qos);
    if (waiting.size === 0 && !packet.retain) return false;
    if (waiting.size > 0 && !this.disk.well) throw new Error('not accepted: the disk cannot be written to');
    ownPayload(packet);
    const stays = packet.retain && this.retained.announce(packet);
    const message = waiting.size === 0 ? null : this.sessions.accept(packet, waiting);
    if (message !== null) this.sessions.write(message);
    this.pending.set(packet.payload as Buffer, { message });
    return stays || message !== null;
  }

  /**
   * The disk would not have it: no session gets it, and its publisher will send it again. False when it was not for
   * sessions; then it goes its way, and is written when the disk is well again.
   */
  dismiss(packet: PublishPacket): boolean {
    const message = this.find(packet)?.message ?? null;
    if (message === null) return false;
    this.pending.delete(packet.payload as Buffer);
    message.waiting.clear();
    this.sessions.write(message);
    if (packet.retain) this.retained.withdraw(packet.topic);
    return true;
  }

  /** Whether aedes has not yet passed on a message that was admitted. */
  has(packet: PublishPacket): boolean {
    return this.find(packet) !== undefined;
  }

  /** aedes passes a message on, to these; one that was not admitted (of the broker's own, a will) is written behind. */
  passOn(packet: BrokerPacket, subscribers: readonly Subscriber[]): void {
    const known = this.find(packet)?.message ?? null;
    if (typeof packet.payload !== 'string') this.pending.delete(packet.payload);
    if (known === null && subscribers.length === 0) return;
    const waiting = this.sessionsOf(subscribers, packet.qos);
    const message = known ?? this.sessions.accept(packet, new Map());
    // Not the same ones when somebody subscribed or left while the disk was busy.
    if (known === null || !sameKeys(known.waiting, waiting)) {
      message.waiting.clear();
      for (const [session, qos] of waiting) message.waiting.set(session, qos);
      this.sessions.write(message);
    }
    this.sessions.enqueue(message, packet.brokerId, packet.brokerCounter);
  }

  private find({ payload }: PublishPacket): Acceptance | undefined {
    return typeof payload === 'string' ? undefined : this.pending.get(payload);
  }

  /** Each session once, however many of its filters match, with the highest QoS among them that the message allows. */
  private sessionsOf(subscribers: readonly Subscriber[], qos: number): Map<number, number> {
    const waiting = new Map<number, number>();
    for (const subscriber of subscribers) {
      const { number } = this.sessions.open(subscriber.clientId);
      const granted = Math.min(subscriber.qos ?? qos, qos);
      waiting.set(number, Math.max(waiting.get(number) ?? 0, granted));
    }
    return waiting;
  }
}

const sameKeys = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean =>
  a.size === b.size && [...a.keys()].every((key) => b.has(key));
