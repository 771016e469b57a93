/** A CBOR item with everything that CDDL tells apart and JavaScript does not: 1, 1.0 and their widths. */
export type CborValue =
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'text'; readonly value: string; readonly utf8Bytes: number }
  | { readonly type: 'array'; readonly items: readonly CborValue[] }
  | { readonly type: 'map'; readonly pairs: readonly (readonly [CborValue, CborValue])[] }
  | { readonly type: 'tag'; readonly tag: bigint; readonly item: CborValue }
  | { readonly type: 'simple'; readonly value: number }
  | { readonly type: 'float'; readonly bits: 16 | 32 | 64 };

/** Reads plain CBOR (RFC 8949 §3) that is known to be well-formed; a test's own reader, none of the product's. */
export function readCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes);
  const value = reader.item();
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} bytes follow`);
  return value;
}

class Reader {
  at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(): CborValue {
    const head = this.view.getUint8(this.at);
    this.at += 1;
    const [major, info] = [head >> 5, head & 0x1f];
    const argument = this.argument(info);
    const count = Number(argument);
    if (major === 0) return { type: 'integer', value: argument };
    if (major === 1) return { type: 'integer', value: -1n - argument };
    if (major === 2) return { type: 'bytes', value: this.take(count) };
    if (major === 3) return { type: 'text', value: new TextDecoder().decode(this.take(count)), utf8Bytes: count };
    if (major === 4) return { type: 'array', items: Array.from({ length: count }, () => this.item()) };
    if (major === 5) {
      return { type: 'map', pairs: Array.from({ length: count }, () => [this.item(), this.item()] as const) };
    }
    if (major === 6) return { type: 'tag', tag: argument, item: this.item() };
    const bits = ({ 25: 16, 26: 32, 27: 64 } as const)[info];
    return bits === undefined ? { type: 'simple', value: count } : { type: 'float', bits };
  }

  private argument(info: number): bigint {
    if (info < 24) return BigInt(info);
    if (info > 27) throw new Error(`additional information ${info}`);
    const size = 1 << (info - 24);
    const hex = Buffer.from(this.take(size)).toString('hex');
    return BigInt(`0x${hex}`);
  }

  private take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new Error('it ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
