/**
 * Bytes of an MQTT 3.1.1 PUBLISH with QoS 1 [MQTT-3.3.1]: fixed header, topic, packet identifier, payload. TCP, TLS and
 * the acknowledgement of 4 bytes come on top.
 */
export const publishBytes = (topic: string, payload: Uint8Array): number => {
  const remaining = 2 + Buffer.byteLength(topic) + 2 + payload.length;
  let lengthBytes = 1;
  for (let left = remaining; left >= 128; left = Math.floor(left / 128)) lengthBytes++;
  return 1 + lengthBytes + remaining;
};

/** What a listener on the wire has heard of each sender. */
export class WireCount {
  private readonly sent = new Map<string, { messages: number; bytes: number }>();
  /** The largest message. */
  bytesMax = 0;

  heard(sender: string, topic: string, payload: Uint8Array): void {
    const bytes = publishBytes(topic, payload);
    const count = this.sent.get(sender) ?? { messages: 0, bytes: 0 };
    count.messages++;
    count.bytes += bytes;
    this.sent.set(sender, count);
    this.bytesMax = Math.max(this.bytesMax, bytes);
  }

  of(sender: string): { readonly messages: number; readonly bytes: number } {
    return this.sent.get(sender) ?? { messages: 0, bytes: 0 };
  }
}
