import { createPublicKey, type KeyObject } from 'node:crypto';
import { CommandError } from '../errors.ts';

/** The public keys of somebody who is to be enrolled. */
export interface KeyRequest {
  /** [32] raw Ed25519 */
  readonly identity: Uint8Array;
  /** SPKI in PEM, of the certificate: P-256, or the Ed25519 key itself when there is no other. */
  readonly tls: string;
}

/**
 * Reads what `myrmex identity` prints: one or two public keys in PEM, whatever text stands around them (RFC 7468 §2).
 *
 * @param where it came from, for the message
 * @throws CommandError `badRequest`
 */
export const readRequest = (text: string, where: string): KeyRequest => {
  const bad = (why: string): CommandError =>
    new CommandError('badRequest', `${where} ${why}; "myrmex identity" on the gateway prints what is needed`);
  if (text.includes('PRIVATE KEY-----')) throw bad('holds a private key, which should never leave its machine');
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]{1,1024}-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length < 1 || blocks.length > 2) throw bad(`holds ${blocks.length} public keys, not one or two`);
  const keys = blocks.map((block) => parse(block) ?? fail(bad('holds a public key that cannot be read')));
  const identity = keys.find((key) => key.asymmetricKeyType === 'ed25519');
  const tls = keys.find((key) => key.asymmetricKeyDetails?.namedCurve === 'prime256v1');
  if (identity === undefined) throw bad('holds no Ed25519 key');
  if (keys.length === 2 && tls === undefined) throw bad('holds a second key that is not P-256');
  const { x = '' } = identity.export({ format: 'jwk' });
  return {
    identity: new Uint8Array(Buffer.from(x, 'base64url')),
    tls: (tls ?? identity).export({ type: 'spki', format: 'pem' }) as string,
  };
};

const parse = (pem: string): KeyObject | null => {
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
};

const fail = (error: Error): never => {
  throw error;
};
