import type { Codec, Decoded } from './codec.ts';
import { REVOCATION } from './messages/revocation.ts';
import { openRootSigned, type Root, type RootRejection } from './root-signed.ts';

/** `stale`: not newer than the list in force, as after a restart of the broker: no offence. */
export type RevocationRejection = RootRejection | 'stale';

/**
 * The operator's list of what no longer holds. Only a higher counter replaces it, so that nobody who kept an old list
 * can bring a lost gateway back.
 */
export class Revocations {
  private readonly codec: Codec;
  private readonly authority: { readonly site: string; readonly root: Root };
  private counter = 0;
  private serials: ReadonlySet<number> = new Set();
  private signed: Uint8Array | null = null;

  constructor(codec: Codec, authority: { readonly site: string; readonly root: Root }) {
    this.codec = codec;
    this.authority = authority;
  }

  /** The signed bytes in force, to be kept on disk and given to `take` at the next start; null before the first. */
  get message(): Uint8Array | null {
    return this.signed;
  }

  isRevoked(serial: number): boolean {
    return this.serials.has(serial);
  }

  /** Takes a list as it came from the broker or the disk. @returns its counter */
  take(bytes: Uint8Array): Decoded<number, RevocationRejection> {
    const opened = openRootSigned(this.codec, REVOCATION, this.authority, bytes);
    if (!opened.ok) return opened;
    const { counter, serials } = opened.value;
    if (counter <= this.counter) return { ok: false, reason: 'stale' };
    this.counter = counter;
    this.serials = new Set(serials);
    this.signed = bytes.slice();
    return { ok: true, value: counter };
  }
}
