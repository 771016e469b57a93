const LOW_SEED = 0x9747b28c;
const HIGH_SEED = 0x3c074a61;

/**
 * 64-bit running hash of numbers, two lanes of MurmurHash3's 32-bit body with different constants (Appleby 2011,
 * `MurmurHash3_x86_32` and the first lane of `_x86_128`). For telling two runs apart, not for security.
 */
export class Fingerprint {
  private low = LOW_SEED;
  private high = HIGH_SEED;
  private readonly float = new Float32Array(1);
  private readonly bits = new Uint32Array(this.float.buffer);

  /** As new. */
  reset(): void {
    this.low = LOW_SEED;
    this.high = HIGH_SEED;
  }

  /** Takes 32 bits of an integer. */
  add(word: number): void {
    this.low = absorb(this.low, word, 0xcc9e2d51, 0x1b873593, 15);
    this.high = absorb(this.high, word, 0x239b961b, 0xab0e9789, 16);
  }

  /** Takes the bits of a float32. */
  addFloat(value: number): void {
    this.float[0] = value;
    this.add(this.bits[0]!);
  }

  addBytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.add(byte);
  }

  /** The two words; `add` may go on afterwards. */
  get words(): readonly [number, number] {
    return [finish(this.low), finish(this.high)];
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return this.words.map((word) => word.toString(16).padStart(8, '0')).join('');
  }
}

function absorb(hash: number, word: number, c1: number, c2: number, turn: number): number {
  let k = Math.imul(word, c1);
  k = (k << turn) | (k >>> (32 - turn));
  let h = hash ^ Math.imul(k, c2);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's fmix32: every bit reaches every other. */
function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
