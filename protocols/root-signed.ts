import type { Codec, Decoded } from './codec.ts';
import { encodeSign1 } from './cose/sign1.ts';
import { sealEnvelope } from './envelope.ts';
import type { MessageType } from './message.ts';
import { FLEET } from './names.ts';
import { openSigned, type SenderKey, type SignedRejection } from './signed-envelope.ts';

/** The operator's public key. */
export type Root = SenderKey;

export type RootRejection = Exclude<SignedRejection, 'otherKey' | 'badSignature'> | 'notRoot' | 'signature';

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
  const opened = openSigned(codec, type, { sender: `${site}/${FLEET}`, key: root }, bytes);
  if (opened.ok) return { ok: true, value: opened.value.body };
  const { reason } = opened;
  if (reason === 'otherKey') return { ok: false, reason: 'notRoot' };
  return { ok: false, reason: reason === 'badSignature' ? 'signature' : reason };
}
