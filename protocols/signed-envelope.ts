import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import { readSign1, type Sign1Rejection } from './cose/sign1.ts';
import { type Envelope, type EnvelopeRejection, openEnvelope } from './envelope.ts';
import { sameBytes } from './hex.ts';
import type { MessageType } from './message.ts';

/** The public key of whoever is to have signed; the cryptography is injected. */
export interface SenderKey {
  /** First 8 bytes of the SHA-256 of the raw public key. */
  readonly kid: Uint8Array;
  /** Ed25519 (RFC 8032). */
  verify(toBeSigned: Uint8Array, signature: Uint8Array): boolean;
}

/** Why bytes are not what a sender signed. */
export type SignedRejection = Sign1Rejection | EnvelopeRejection | 'otherKey' | 'badSignature' | 'sender';

export type OpenedSigned<Body> =
  | { readonly ok: true; readonly value: Envelope<Body> }
  | {
      readonly ok: false;
      readonly reason: SignedRejection;
      /** Whether the signature holds: then the signer itself made what is wrong with it. */
      readonly isProven: boolean;
    };

/**
 * Verifies a COSE_Sign1 and opens the envelope in it then: a stranger's content is never decoded. Never throws.
 *
 * @param from who is to have signed, and the key of theirs
 */
export function openSigned<Body>(
  codec: Codec,
  type: MessageType<Body>,
  { sender, key }: { readonly sender: string; readonly key: SenderKey },
  bytes: Uint8Array,
  limits: CborLimits = MESSAGE_LIMITS,
): OpenedSigned<Body> {
  const signed = readSign1(bytes);
  if (!signed.ok) return { ...signed, isProven: false };
  const { kid, payload, toBeSigned, signature } = signed.value;
  if (!sameBytes(kid, key.kid)) return { ok: false, reason: 'otherKey', isProven: false };
  if (!key.verify(toBeSigned, signature)) return { ok: false, reason: 'badSignature', isProven: false };
  const opened = openEnvelope(codec, type, payload, limits);
  if (!opened.ok) return { ...opened, isProven: true };
  return opened.value.sender === sender ? opened : { ok: false, reason: 'sender', isProven: true };
}
