import { roundHalfEven } from '../math/round-half-even.ts';

/** Bits that a value of a factor is stored in; 32 is float32 as it is. */
export type FactorBits = 4 | 8 | 32;
export const FACTOR_BITS: readonly FactorBits[] = [32, 8, 4];

/** Values of B or bias that share a scale: for rank 1 as many output channels. Four bits need it finer. */
const BLOCKS = { 4: 16, 8: 32, 32: 32 } as const;
/** A scale is a bfloat16: 8 significant bits, so that 7 more of a value make a product that float32 holds exactly. */
const SCALE_BYTES = 2;
/** Blocks of smaller values are zero: below, a scale would be denormal. */
const LARGEST_MIN = 1e-30;
const LARGEST_MAX = 1e30;

/**
 * Low-rank factors in few bits, symmetric, one scale for each block: value = q × scale, |q| ≤ 2^(bits-1) - 1. The
 * scale is the block's largest magnitude over the largest q, rounded to a bfloat16, so that this
 * magnitude gets the largest q again. Every q × scale is then exact in float32, and what was read from storage is
 * stored again as the same bytes, on every machine. What is not a number becomes 0.
 */
export class FactorCodec {
  private readonly float = new Float32Array(1);
  private readonly word = new Uint32Array(this.float.buffer);
  private readonly qMax: number;

  /** @param block values that share a scale: of A a row, as the engine has it */
  constructor(
    readonly bits: FactorBits,
    private readonly block: number = BLOCKS[bits],
  ) {
    this.qMax = bits === 4 ? 7 : 127;
  }

  /** Bytes that an array of `count` values is stored in. */
  bytesFor(count: number): number {
    if (this.bits === 32) return 4 * count;
    const rest = count % this.block;
    const whole = ((count - rest) / this.block) * (SCALE_BYTES + Math.ceil((this.block * this.bits) / 8));
    return rest === 0 ? whole : whole + SCALE_BYTES + Math.ceil((rest * this.bits) / 8);
  }

  /** What remains of `values` when they are stored; `out` has their length and may be `values`. Allocates nothing. */
  round(values: Float32Array, out: Float32Array): void {
    if (this.bits === 32) {
      if (out !== values) out.set(values);
      return;
    }
    for (let from = 0; from < values.length; from += this.block) {
      const end = Math.min(from + this.block, values.length);
      const scale = this.scaleOf(values, from, end);
      for (let i = from; i < end; i++) out[i] = this.quantum(values[i]!, scale) * scale;
    }
  }

  /** The same apart, int8 where 32 bits are stored: the codes, and the scale of each block. Allocates nothing. */
  quantise(values: Float32Array, codes: Int8Array, scales: Float32Array): void {
    for (let from = 0, at = 0; from < values.length; from += this.block, at++) {
      const end = Math.min(from + this.block, values.length);
      const scale = this.scaleOf(values, from, end);
      scales[at] = scale;
      for (let i = from; i < end; i++) codes[i] = this.quantum(values[i]!, scale);
    }
  }

  /** Writes `bytesFor(values.length)` bytes, little-endian, from `at` on; returns where they end. Allocates nothing. */
  write(values: Float32Array, bytes: Uint8Array, at: number): number {
    let to = at;
    for (let from = 0; from < values.length; from += this.block) {
      const end = Math.min(from + this.block, values.length);
      if (this.bits === 32) {
        for (let i = from; i < end; i++, to += 4) this.writeFloat(values[i]!, bytes, to);
        continue;
      }
      const scale = this.scaleOf(values, from, end);
      this.float[0] = scale;
      bytes[to++] = (this.word[0]! >>> 16) & 0xff;
      bytes[to++] = this.word[0]! >>> 24;
      if (this.bits === 8) {
        for (let i = from; i < end; i++) bytes[to++] = this.quantum(values[i]!, scale) & 0xff;
      } else {
        for (let i = from; i < end; i += 2) {
          const high = i + 1 < end ? this.quantum(values[i + 1]!, scale) : 0;
          bytes[to++] = (this.quantum(values[i]!, scale) & 0xf) | ((high & 0xf) << 4);
        }
      }
    }
    return to;
  }

  /** The opposite of `write`: fills `values`; returns where what was read ends. Any bytes are some values. */
  read(bytes: Uint8Array, at: number, values: Float32Array): number {
    let next = at;
    for (let from = 0; from < values.length; from += this.block) {
      const end = Math.min(from + this.block, values.length);
      if (this.bits === 32) {
        for (let i = from; i < end; i++, next += 4) values[i] = this.readFloat(bytes, next);
        continue;
      }
      this.word[0] = (bytes[next]! << 16) | (bytes[next + 1]! << 24);
      next += SCALE_BYTES;
      const scale = this.float[0]!;
      if (this.bits === 8) for (let i = from; i < end; i++) values[i] = ((bytes[next++]! << 24) >> 24) * scale;
      else {
        for (let i = from; i < end; i++) {
          const nibble = bytes[next]! >> (4 * ((i - from) % 2));
          values[i] = ((nibble << 28) >> 28) * scale;
          if ((i - from) % 2 === 1 || i + 1 === end) next++;
        }
      }
    }
    return next;
  }

  private scaleOf(values: Float32Array, from: number, end: number): number {
    let largest = 0;
    for (let i = from; i < end; i++) {
      const magnitude = Math.abs(values[i]!);
      if (magnitude > largest) largest = magnitude;
    }
    if (largest < LARGEST_MIN) return 0;
    this.float[0] = Math.min(largest, LARGEST_MAX) / this.qMax;
    this.word[0] = (this.word[0]! + 0x8000) & 0xffff0000;
    return this.float[0];
  }

  private quantum(value: number, scale: number): number {
    const q = scale === 0 ? 0 : roundHalfEven(value / scale);
    return Math.max(-this.qMax, Math.min(this.qMax, q)) || 0;
  }

  private writeFloat(value: number, bytes: Uint8Array, at: number): void {
    this.float[0] = value;
    for (let k = 0; k < 4; k++) bytes[at + k] = this.word[0]! >>> (8 * k);
  }

  private readFloat(bytes: Uint8Array, at: number): number {
    this.word[0] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    return this.float[0]!;
  }
}
