import type { Codec } from '../codec.ts';

/** What a node has given away so far. It must survive everything: who forgets it spends it twice. */
export interface PrivacyTotal {
  /** Sum of the releases' ρ, see `gaussianRho`; finite, >= 0. */
  readonly rho: number;
  readonly releases: number;
}

/** Bytes of protocols/cddl/privacy.cddl. ρ travels as its own eight bytes: the codec's float32 would drop releases. */
export function writePrivacyTotal(codec: Codec, { rho, releases }: PrivacyTotal): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, rho, true);
  return codec.encode(['privacy', 1, releases, bytes]);
}

/** Null when the bytes are not a total: then nothing may be released, since what was spent is not known. */
export function readPrivacyTotal(codec: Codec, bytes: Uint8Array): PrivacyTotal | null {
  const decoded = codec.decode(bytes);
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return null;
  const [kind, version, releases, rhoBytes] = decoded.value as readonly unknown[];
  if (kind !== 'privacy' || version !== 1 || !(rhoBytes instanceof Uint8Array) || rhoBytes.length !== 8) return null;
  const rho = new DataView(rhoBytes.buffer, rhoBytes.byteOffset, 8).getFloat64(0, true);
  const counted = typeof releases === 'number' && Number.isSafeInteger(releases) && releases >= 0;
  return counted && Number.isFinite(rho) && rho >= 0 ? { rho, releases } : null;
}
