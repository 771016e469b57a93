import type { Decoded } from '../codec.ts';
import { LIMITS } from '../limits.ts';
import { bytesIn, integerIn, LABEL } from './header-map.ts';
import { byteStringHead, joined, readStructure, type StructureRejection, signatureInput } from './structure.ts';

/** First bytes of the SHA-256 of the raw Ed25519 public key: enough to find it, and no secret. */
export const KID_BYTES = 8;
/** RFC 8032 §5.1.6. */
export const SIGNATURE_BYTES = 64;

/** `{1: -8}`: alg = EdDSA (RFC 9053 §2.2); the key says that the curve is Ed25519. */
const EDDSA = -8;
const PROTECTED = Uint8Array.of(0xa1, LABEL.alg, 0x27);
/** Tag 18, an array of four, the protected header, and the unprotected one, `{4: kid}`, up to the kid itself. */
const PREFIX = Uint8Array.of(0xd2, 0x84, 0x43, ...PROTECTED, 0xa1, LABEL.kid, 0x40 | KID_BYTES);
/** All but the payload: the prefix, the kid, heads of payload (at most 5) and signature (2), the signature. */
const OVERHEAD_BYTES_MAX = PREFIX.length + KID_BYTES + 5 + 2 + SIGNATURE_BYTES;

export const SIGNED_BYTES_MAX = LIMITS.messageBytesMax + OVERHEAD_BYTES_MAX;

/** Why bytes are no signed message of ours. The words are counted, published and documented: they never change. */
export type Sign1Rejection =
  | StructureRejection
  | 'sign1TooLong'
  | 'sign1Untagged'
  | 'sign1Algorithm'
  | 'sign1Kid'
  | 'sign1Payload'
  | 'sign1Signature';

/** The parts of a signed message. They are views of what came; nothing is proven before the signature holds. */
export interface Sign1 {
  /** [KID_BYTES] */
  readonly kid: Uint8Array;
  /** The bytes of an envelope (protocols/envelope.ts). */
  readonly payload: Uint8Array;
  /** What the signature is over. */
  readonly toBeSigned: Uint8Array;
  /** [SIGNATURE_BYTES] */
  readonly signature: Uint8Array;
}

/**
 * Signs bytes: COSE_Sign1 (RFC 9052 §4.2) with tag 18, `{1: -8}` protected, `{4: kid}` unprotected, no external data.
 *
 * @param kid [KID_BYTES] of the key that `sign` signs with
 * @param sign the Ed25519 signature of what it is given, 64 bytes
 * @throws RangeError when a length is wrong: our fault, never the peer's
 */
export function encodeSign1(
  payload: Uint8Array,
  kid: Uint8Array,
  sign: (toBeSigned: Uint8Array) => Uint8Array,
): Uint8Array {
  if (kid.length !== KID_BYTES) throw new RangeError(`a kid has ${KID_BYTES} bytes, not ${kid.length}`);
  if (payload.length > LIMITS.messageBytesMax) throw new RangeError(`a payload of ${payload.length} bytes is too long`);
  const signature = sign(signatureInput(PROTECTED, payload));
  if (signature.length !== SIGNATURE_BYTES) throw new RangeError(`a signature of ${signature.length} bytes`);
  const [payloadHead, signatureHead] = [byteStringHead(payload.length), byteStringHead(SIGNATURE_BYTES)];
  return joined([PREFIX, kid, payloadHead, payload, signatureHead, signature]);
}

/**
 * Takes a signed message apart. Only the one spelling that `encodeSign1` writes is accepted: other headers could change
 * what a message means and are not understood here, and a second spelling of the unsigned parts would be other bytes
 * for one message. Never throws. It verifies nothing: who does gives `toBeSigned` and `signature` to the kid's key.
 */
export function readSign1(bytes: Uint8Array): Decoded<Sign1, Sign1Rejection> {
  if (bytes.length > SIGNED_BYTES_MAX) return { ok: false, reason: 'sign1TooLong' };
  const read = readStructure(bytes);
  if (!read.ok) return read;
  const { isTagged, isShortest, protectedHeader, unprotectedHeader, payload, signature, protectedBytes } = read.value;
  if (!isTagged) return { ok: false, reason: 'sign1Untagged' };
  if (!isShortest) return { ok: false, reason: 'sign1Encoding' };
  if (protectedHeader.size !== 1) return { ok: false, reason: 'sign1Protected' };
  if (integerIn(protectedHeader, LABEL.alg) !== EDDSA) return { ok: false, reason: 'sign1Algorithm' };
  if (unprotectedHeader.size !== 1) return { ok: false, reason: 'sign1Unprotected' };
  const kid = bytesIn(unprotectedHeader, LABEL.kid);
  if (kid?.length !== KID_BYTES) return { ok: false, reason: 'sign1Kid' };
  // RFC 9052 §4.1: a payload may travel by another way; in this fleet it never does.
  if (payload === null || payload.length > LIMITS.messageBytesMax) return { ok: false, reason: 'sign1Payload' };
  if (signature.length !== SIGNATURE_BYTES) return { ok: false, reason: 'sign1Signature' };
  return { ok: true, value: { kid, payload, toBeSigned: signatureInput(protectedBytes, payload), signature } };
}
