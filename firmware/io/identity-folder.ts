import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, NodeError } from '../errors.ts';
import { readBounded, writeWhole } from './files.ts';
import { createIdentity, type Identity, openIdentity } from './keys.ts';
import { makeDirectory } from './make-directory.ts';

const KEY_BYTES_MAX = 4_096;

/**
 * The folder of one gateway's identity. The two keys are made there and stay there; the others come from the operator
 * (`myrmexctl fleet enroll`) and are no secrets.
 */
export const IDENTITY_FILES = {
  /** Ed25519, PKCS #8 in PEM: signs messages. */
  identityKey: 'identity.key',
  /** P-256, PKCS #8 in PEM: for TLS, which older brokers and libraries do not speak with Ed25519. */
  tlsKey: 'tls.key',
  /** X.509 in PEM. */
  certificate: 'tls.pem',
  authority: 'ca.pem',
  /** The operator's Ed25519 public key, SPKI in PEM. */
  root: 'root.pem',
  /** Signed by the root. */
  enrolment: 'enrolment.cose',
} as const;

export interface IdentityKeys {
  readonly identity: Identity;
  /** What the operator needs to enrol the node: both public keys in PEM. No secret, but nobody may exchange it. */
  readonly request: string;
}

/**
 * Opens the keys of a folder, and makes those that are not there: at first boot both.
 *
 * @throws NodeError of `createIdentity` and `openIdentity`, `folderUnwritable`, `keyMalformed`
 */
export const openIdentityKeys = async (folder: string): Promise<IdentityKeys> => {
  await makeDirectory(folder).catch((cause: unknown) => {
    throw new NodeError('folderUnwritable', `${folder} cannot be made: ${errorMessage(cause)}`, { cause });
  });
  const path = join(folder, IDENTITY_FILES.identityKey);
  const identity = existsSync(path) ? await openIdentity(path) : await createIdentity(path);
  const tls = await openTlsKey(join(folder, IDENTITY_FILES.tlsKey));
  return { identity, request: `${publicKeyPem(identity.publicKey.bytes)}${tls}` };
};

/** The public half of the TLS key in PEM. */
const openTlsKey = async (path: string): Promise<string> => {
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeWhole(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const pem = Buffer.from(await readBounded(path, 'key file', KEY_BYTES_MAX));
  try {
    return createPublicKey(pem).export({ type: 'spki', format: 'pem' }) as string;
  } catch (cause) {
    throw new NodeError('keyMalformed', `${path} holds no key (${errorMessage(cause)}); move it away`, { cause });
  }
};

/** A raw Ed25519 public key as SPKI in PEM (RFC 8410 §4). */
export const publicKeyPem = (raw: Uint8Array): string => {
  const x = Buffer.from(raw).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return key.export({ type: 'spki', format: 'pem' }) as string;
};
