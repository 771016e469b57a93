/** @throws RangeError when `text` is not 16 hex digits: our fault */
export function lineageBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{16}$/.test(text)) throw new RangeError(`a lineage is 16 hex digits, not "${text}"`);
  return Uint8Array.from({ length: 8 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
