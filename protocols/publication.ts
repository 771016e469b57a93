import type { Codec, Decoded } from './codec.ts';
import type { Publication } from './dissemination/messages.ts';
import { PUBLICATION } from './messages/publication.ts';
import { openSigned, type SenderKey, type SignedRejection } from './signed-envelope.ts';

/** Why a publication is not its origin's. */
export type PublicationRejection = SignedRejection | 'unknownOrigin';

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
  const opened = openSigned(codec, PUBLICATION, { sender: `${site}/${origin}`, key }, bytes);
  if (!opened.ok) return { ok: false, reason: opened.reason };
  return { ok: true, value: { origin, ...opened.value.body } };
}
