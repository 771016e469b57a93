import type { Codec, Decoded } from './codec.ts';
import { encodeSign1, readSign1, type Sign1Rejection } from './cose/sign1.ts';
import { type EnvelopeRejection, openEnvelope, sealEnvelope } from './envelope.ts';
import type { MessageType } from './message.ts';
import { FLEET } from './names.ts';

/** The operator's public key, as far as a reader needs it; the cryptography is injected. */
export interface Root {
  /** First 8 bytes of the SHA-256 of the raw public key. */
  readonly kid: Uint8Array;
  /** Ed25519 (RFC 8032). */
  verify(toBeSigned: Uint8Array, signature: Uint8Array): boolean;
}

export type RootRejection = Sign1Rejection | EnvelopeRejection | 'notRoot' | 'signature' | 'sender';

/** The operator's numbering: `epoch` is the age of the root, `sequence` counts what it has signed. */
export interface RootStamp {
  readonly site: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Unix ms */
  readonly time: number;
}

/**
 * What the operator says: an envelope of the sender `<site>/fleet`, signed by the root.
 *
 * @throws TypeError as `sealEnvelope`, RangeError as `encodeSign1`
 */
export function sealRootSigned<Body>(
  codec: Codec,
  type: MessageType<Body>,
  { site, ...stamp }: RootStamp,
  body: Body,
  signer: { readonly kid: Uint8Array; sign(toBeSigned: Uint8Array): Uint8Array },
): Uint8Array {
  const payload = sealEnvelope(codec, type, { sender: `${site}/${FLEET}`, ...stamp }, body);
  return encodeSign1(payload, signer.kid, (bytes) => signer.sign(bytes));
}

/** Verifies first and opens then, so that a stranger's content is never decoded. Never throws. */
export function openRootSigned<Body>(
  codec: Codec,
  type: MessageType<Body>,
  { site, root }: { readonly site: string; readonly root: Root },
  bytes: Uint8Array,
): Decoded<Body, RootRejection> {
  const read = readSign1(bytes);
  if (!read.ok) return read;
  const { kid, payload, toBeSigned, signature } = read.value;
  if (!kid.every((byte, i) => byte === root.kid[i])) return { ok: false, reason: 'notRoot' };
  if (!root.verify(toBeSigned, signature)) return { ok: false, reason: 'signature' };
  const opened = openEnvelope(codec, type, payload);
  if (!opened.ok) return opened;
  if (opened.value.sender !== `${site}/${FLEET}`) return { ok: false, reason: 'sender' };
  return { ok: true, value: opened.value.body };
}
