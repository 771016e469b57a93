import type { Codec, Decoded } from './codec.ts';
import { readSign1, type Sign1Rejection } from './cose/sign1.ts';
import type { Publication } from './dissemination/messages.ts';
import type { SenderKey } from './door.ts';
import { type EnvelopeRejection, openEnvelope } from './envelope.ts';
import { sameBytes } from './hex.ts';
import { PUBLICATION } from './messages/publication.ts';

/** Why a publication is not its origin's. */
export type PublicationRejection =
  | Sign1Rejection
  | EnvelopeRejection
  | 'unknownOrigin'
  | 'otherKey'
  | 'badSignature'
  | 'sender';

/** What an origin published, and the media type of it. */
export interface OpenedPublication extends Publication {
  readonly type: string;
  /** A view of the bytes that came. */
  readonly content: Uint8Array;
}

/**
 * Opens what relays have handed on. The origin's signature holds before anything is decoded: whoever carried it has
 * changed nothing, neither content nor topic, origin or number. Never throws.
 *
 * @param origin who is said to have published it
 * @param key the origin's; null when nobody of this name may publish
 */
export function openPublication(
  codec: Codec,
  { site, origin, key }: { readonly site: string; readonly origin: string; readonly key: SenderKey | null },
  bytes: Uint8Array,
): Decoded<OpenedPublication, PublicationRejection> {
  if (key === null) return { ok: false, reason: 'unknownOrigin' };
  const signed = readSign1(bytes);
  if (!signed.ok) return signed;
  const { kid, payload, toBeSigned, signature } = signed.value;
  if (!sameBytes(kid, key.kid)) return { ok: false, reason: 'otherKey' };
  if (!key.verify(toBeSigned, signature)) return { ok: false, reason: 'badSignature' };
  const opened = openEnvelope(codec, PUBLICATION, payload);
  if (!opened.ok) return opened;
  if (opened.value.sender !== `${site}/${origin}`) return { ok: false, reason: 'sender' };
  return { ok: true, value: { origin, ...opened.value.body } };
}
