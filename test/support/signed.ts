import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { type PublicKey, publicKeyOf } from '../../firmware/io/keys.ts';
import { encodeSign1 } from '../../protocols/cose/sign1.ts';

/** A gateway that signs, with a key that is always the same. */
export interface Signer {
  readonly sender: string;
  readonly publicKey: PublicKey;
  /** A signed message around any payload. */
  seal(payload: Uint8Array): Uint8Array;
}

/** An Ed25519 private key in PKCS #8 (RFC 8410 §7) is this, and 32 bytes. */
export const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export const signerOf = (sender: string): Signer => {
  const seed = createHash('sha256').update(sender).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const publicKey = publicKeyOf(new Uint8Array(Buffer.from(x, 'base64url')));
  return {
    sender,
    publicKey,
    seal: (payload) => encodeSign1(payload, publicKey.kid, (bytes) => new Uint8Array(sign(null, bytes, key))),
  };
};
