/** The numbers as float64, big-endian. */
export function floatsToBytes(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i]!);
  return bytes;
}

/** Fills `out` from as many float64; false when the length is another or a number is not finite. */
export function bytesToFloats(bytes: Uint8Array, out: Float64Array): boolean {
  if (bytes.length !== 8 * out.length) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sound = true;
  for (let i = 0; i < out.length; i++) {
    out[i] = view.getFloat64(8 * i);
    sound &&= Number.isFinite(out[i]!);
  }
  return sound;
}
