/**
 * Spreads int4 values over bytes: two in each byte of the file, the first in the low half, rows not aligned
 * (tensor_utils, `UnpackDenseInt4IntoInt8`).
 */
export function unpackInt4(packed: Uint8Array, values: Int8Array): void {
  for (let index = 0; index < values.length; index++) {
    const byte = packed[index >> 1]!;
    values[index] = (index % 2 === 0 ? byte << 28 : byte << 24) >> 28;
  }
}
