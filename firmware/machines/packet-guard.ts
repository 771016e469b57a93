/**
 * Follows the packet boundaries of an MQTT byte stream and says when a packet announces more than `bytesMax`. A packet
 * may announce 256 MB in five bytes (MQTT 3.1.1 §2.2.3), and the broker's parser would collect them all.
 */
export class PacketGuard {
  private readonly bytesMax: number;
  /** Bytes of the present packet's body still to come; -1 while its length is being read. */
  private remaining = -1;
  /** Of the fixed header: 0 before the packet type, then the number of length bytes read plus 1. */
  private headerBytes = 0;
  private length = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** False when the stream must be cut: a packet too large, or a length of more than four bytes. */
  accepts(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.remaining >= 0) {
        const skipped = Math.min(this.remaining, chunk.length - at);
        this.remaining -= skipped;
        at += skipped;
        if (this.remaining === 0) this.beginPacket();
      } else {
        if (!this.acceptsHeaderByte(chunk[at]!)) return false;
        at += 1;
      }
    }
    return true;
  }

  /** MQTT 3.1.1 §2.2.3: seven bits a byte, lowest first; the eighth says that another byte follows. */
  private acceptsHeaderByte(byte: number): boolean {
    this.headerBytes += 1;
    if (this.headerBytes === 1) return true;
    if (this.headerBytes > 5) return false;
    this.length += (byte & 0x7f) * 128 ** (this.headerBytes - 2);
    if (this.length > this.bytesMax) return false;
    if (byte < 0x80) this.remaining = this.length;
    if (this.remaining === 0) this.beginPacket();
    return true;
  }

  private beginPacket(): void {
    this.remaining = -1;
    this.headerBytes = 0;
    this.length = 0;
  }
}
