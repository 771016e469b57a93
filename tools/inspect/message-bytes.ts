/** How the bytes of a message were handed over. */
export type Spelling = 'binary' | 'hex' | 'base64';

export interface SpelledBytes {
  readonly spelling: Spelling;
  readonly bytes: Uint8Array;
}

/**
 * The bytes of a message as people pass them on: as they are, or as text in hexadecimal, base64 or base64url. The first
 * byte tells: a message begins with 0x87 or 0xd2, which no ASCII text does.
 *
 * @returns null when it is text, and neither of these
 */
export function messageBytes(input: Uint8Array): SpelledBytes | null {
  if (input.some((byte) => byte >= 0x80 || byte === 0)) {
    // Not a Buffer, which what is decoded would be pieces of: JSON would spell each of them as a list of numbers.
    return { spelling: 'binary', bytes: new Uint8Array(input.buffer, input.byteOffset, input.length) };
  }
  const text = Buffer.from(input).toString('latin1').replace(/\s+/g, '');
  if (/^(0x)?([0-9a-f]{2})+$/i.test(text)) {
    return { spelling: 'hex', bytes: new Uint8Array(Buffer.from(text.replace(/^0x/i, ''), 'hex')) };
  }
  if (/^[0-9a-z+/_-]+={0,2}$/i.test(text)) {
    return { spelling: 'base64', bytes: new Uint8Array(Buffer.from(text, 'base64')) };
  }
  return null;
}
