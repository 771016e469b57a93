import type { WasmEngine } from '../wasm/engine.ts';

/** Fills `bytes` bytes with copies of `pattern`: a single byte at once, longer ones by doubling what is there. */
export function bindFill({ uint8 }: WasmEngine, pattern: Uint8Array, address: number, bytes: number): () => void {
  const end = address + bytes;
  if (pattern.every((byte) => byte === pattern[0])) {
    const value = pattern[0]!;
    return () => void uint8.fill(value, address, end);
  }
  return () => {
    uint8.set(pattern, address);
    for (let done = pattern.length; done < bytes; done *= 2) {
      uint8.copyWithin(address + done, address, Math.min(address + done, end - done));
    }
  };
}
