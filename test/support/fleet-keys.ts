import { createHash, createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';

/** ASN.1 before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key pair that is the same in every run; for tests alone. */
export interface TestKey {
  readonly raw: Uint8Array;
  readonly kid: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  readonly verify: (bytes: Uint8Array, signature: Uint8Array) => boolean;
}

export const kidOf = (raw: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(raw).digest().subarray(0, 8));

export const testKey = (name: string): TestKey => {
  const seed = createHash('sha256').update(name).digest();
  const key: KeyObject = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const raw = new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
  return {
    ...{ raw, kid: kidOf(raw) },
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
    verify: (bytes, signature) => verify(null, bytes, { key: jwkOf(raw), format: 'jwk' }, signature),
  };
};

const jwkOf = (raw: Uint8Array) => ({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') });
