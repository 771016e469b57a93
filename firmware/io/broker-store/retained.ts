import type { BrokerLimits } from '../../machines/broker-limits.ts';
import type { Disk } from './disk.ts';
import { retainedKey } from './keys.ts';
import type { BrokerRecords } from './records.ts';
import type { Packet } from './sessions.ts';

/** The bounds of retained messages, and their writes; aedes' memory persistence holds and matches them. */
export class Retained {
  /** What was written last for a topic, and its bytes in the account; 0 while it is only announced. */
  private readonly known = new Map<string, { payload: Uint8Array | string; bytes: number }>();
  /** By topic: how many were written before they are published. */
  private readonly announced = new Map<string, number>();
  private bytes = 0;
  private readonly disk: Disk;
  private readonly records: BrokerRecords;
  private readonly limits: BrokerLimits;

  private readonly counted: (count: number) => void;

  constructor(disk: Disk, records: BrokerRecords, limits: BrokerLimits, counted: (count: number) => void) {
    this.disk = disk;
    this.records = records;
    this.limits = limits;
    this.counted = counted;
  }

  /** Writes a message that its publisher will be answered for; `publish` comes when aedes has it. */
  announce(packet: Packet): boolean {
    this.announced.set(packet.topic, (this.announced.get(packet.topic) ?? 0) + 1);
    return this.put(packet);
  }

  /**
   * A message becomes the retained one of its topic; false when it is not retained. While a later one is on disk
   * already and answered for, it must not be written over by this one.
   */
  publish(packet: Packet, announced: boolean): boolean {
    const later = announced ? this.withdraw(packet.topic) : 0;
    return later > 0 ? this.known.has(packet.topic) : this.put(packet);
  }

  /** An announced message will not be published. Returns how many are still announced for its topic. */
  withdraw(topic: string): number {
    const left = (this.announced.get(topic) ?? 1) - 1;
    if (left === 0) this.announced.delete(topic);
    else this.announced.set(topic, left);
    return left;
  }

  /**
   * Puts a retained message on disk, or takes away the one of its topic when it is empty [MQTT-3.3.1-10], unless that
   * was the last thing done. False when there are as many as may be: then it is not retained.
   */
  private put({ topic, payload, qos }: Packet): boolean {
    const before = this.known.get(topic);
    if (payload.length === 0) {
      if (before !== undefined) this.remove(topic, before.bytes);
      return true;
    }
    if (before?.payload === payload) return true;
    const bytes = topic.length + payload.length;
    const total = this.bytes - (before?.bytes ?? 0) + bytes;
    const fits = before !== undefined || this.known.size < this.limits.retainedMessages;
    if (!fits || total > this.limits.retainedBytes) return false;
    this.bytes = total;
    this.known.set(topic, { payload, bytes });
    this.counted(this.known.size);
    const value = typeof payload === 'string' ? Buffer.from(payload) : payload;
    this.disk.put(retainedKey(topic), this.records.writeRetained({ topic, payload: value, qos }));
    return true;
  }

  /** Takes over one that was found on disk. */
  restore({ topic, payload }: Packet): void {
    const bytes = topic.length + payload.length;
    this.known.set(topic, { payload, bytes });
    this.bytes += bytes;
    this.counted(this.known.size);
  }

  private remove(topic: string, bytes: number): void {
    this.known.delete(topic);
    this.bytes -= bytes;
    this.counted(this.known.size);
    this.disk.remove(retainedKey(topic));
  }
}
