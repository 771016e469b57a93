import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KID_BYTES } from '../../protocols/cose/sign1.ts';
import { errorCode, errorMessage, NodeError } from '../errors.ts';
import { readBounded, writeWhole } from './files.ts';
import { isSmallOrder } from './small-order-keys.ts';

/** Raw Ed25519 public key (RFC 8032 §5.1.5). */
export const PUBLIC_KEY_BYTES = 32;

/** A PKCS #8 file in PEM has 119 bytes. */
const KEY_FILE_BYTES_MAX = 4_096;
/** Group and others: not even to look at. */
const OTHERS_MODE = 0o077;

/** Somebody's public key. */
export interface PublicKey {
  /** [32] raw, as it travels in an enrolment. */
  readonly bytes: Uint8Array;
  /** [8] by which messages name it. */
  readonly kid: Uint8Array;
  /** Says whether this key's owner signed these bytes; never, when the key is one that anyone can sign for. */
  verify(toBeSigned: Uint8Array, signature: Uint8Array): boolean;
}

/** A key pair of our own. The private half stays in here and in its file. */
export interface Identity {
  readonly publicKey: PublicKey;
  /** @returns the Ed25519 signature, 64 bytes (RFC 8032 §5.1.6) */
  sign(toBeSigned: Uint8Array): Uint8Array;
}

/** The name of a key in messages: the first 8 bytes of the SHA-256 of the raw public key. */
export const kidOf = (publicKey: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(publicKey).digest().subarray(0, KID_BYTES));

/**
 * @param bytes [32] the raw key
 * @throws NodeError `keyMalformed`
 */
export const publicKeyOf = (bytes: Uint8Array): PublicKey => {
  if (bytes.length !== PUBLIC_KEY_BYTES) {
    throw new NodeError('keyMalformed', `an Ed25519 public key has ${PUBLIC_KEY_BYTES} bytes, not ${bytes.length}`);
  }
  const x = Buffer.from(bytes).toString('base64url');
  // Made once: making it costs as much as a verification.
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return {
    bytes: Uint8Array.from(bytes),
    kid: kidOf(bytes),
    verify: isSmallOrder(bytes) ? () => false : (toBeSigned, signature) => verify(null, toBeSigned, key, signature),
  };
};

/**
 * Makes a key and its file, whole or not at all, for its owner's eyes only. A file that is there already stays as it
 * is: an identity that is overwritten is lost.
 *
 * @throws NodeError `keyExists`, `fileUnwritable`
 */
export const createIdentity = async (path: string): Promise<Identity> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const unlinked = `${path}.made`;
  await writeWhole(unlinked, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  try {
    // Unlike a renamed file, a link never replaces another one.
    await link(unlinked, path);
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    if (errorCode(cause) !== 'EEXIST') {
      throw new NodeError('fileUnwritable', `${path} cannot be written: ${errorMessage(cause)}`, { cause });
    }
    throw new NodeError('keyExists', `there is a key at ${path} already; it is not overwritten`, { cause });
  } finally {
    await rm(unlinked, { force: true });
  }
  return identityOf(privateKey);
};

/** A key pair that ends with the process. */
export const passingIdentity = (): Identity => identityOf(generateKeyPairSync('ed25519').privateKey);

/**
 * Reads a key file.
 *
 * @throws NodeError `fileNotFound`, `fileUnreadable`, `fileTooLarge`, `keyExposed`, `keyMalformed`
 */
export const openIdentity = async (path: string): Promise<Identity> => {
  const bytes = await readBounded(path, 'key file', KEY_FILE_BYTES_MAX, (mode) => requirePrivate(path, mode));
  return identityOf(privateKeyIn(path, bytes));
};

/** @throws NodeError `keyExposed` */
const requirePrivate = (path: string, mode: number): void => {
  if ((mode & OTHERS_MODE) === 0) return;
  const found = (mode & 0o777).toString(8).padStart(3, '0');
  const mend = `chmod 600 ${path}; if others have accounts here, revoke the key and let the node make another`;
  throw new NodeError('keyExposed', `the key file ${path} is open to other users (mode ${found}): ${mend}`);
};

const privateKeyIn = (path: string, bytes: Uint8Array): KeyObject => {
  const mend = 'restore it from a backup, or move it away, enrol the node again and revoke the lost key';
  try {
    const key = createPrivateKey(Buffer.from(bytes));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new Error(`it holds a key of type ${key.asymmetricKeyType}`);
  } catch (cause) {
    throw new NodeError('keyMalformed', `the key file ${path} holds no Ed25519 key (${errorMessage(cause)}): ${mend}`, {
      cause,
    });
  }
};

const identityOf = (privateKey: KeyObject): Identity => {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    publicKey: publicKeyOf(new Uint8Array(Buffer.from(x, 'base64url'))),
    sign: (toBeSigned) => new Uint8Array(sign(null, toBeSigned, privateKey)),
  };
};
