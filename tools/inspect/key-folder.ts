import { createPublicKey } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from '../../firmware/io/files.ts';
import { type PublicKey, publicKeyOf } from '../../firmware/io/keys.ts';
import { CommandError } from '../errors.ts';

/** A fleet's. */
const FILES_MAX = 10_000;
const KEY_FILE_BYTES_MAX = 4_096;

export interface NamedKey {
  /** File it came from. */
  readonly file: string;
  readonly key: PublicKey;
}

/**
 * The Ed25519 public keys in a folder, by their kid in hexadecimal: files in PEM, or with the raw key as 64 hex digits.
 * Other files are passed over.
 *
 * @throws CommandError `noKeys`, `tooManyFiles`, and what reading a folder throws
 */
export async function readKeyFolder(folder: string): Promise<ReadonlyMap<string, NamedKey>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name);
  if (files.length > FILES_MAX) {
    throw new CommandError('tooManyFiles', `${folder} holds ${files.length} files; at most ${FILES_MAX} are read`);
  }
  const keys = new Map<string, NamedKey>();
  for (const file of files.sort()) {
    const raw = await rawKeyIn(join(folder, file));
    if (raw === null) continue;
    const key = publicKeyOf(raw);
    keys.set(Buffer.from(key.kid).toString('hex'), { file, key });
  }
  if (keys.size > 0) return keys;
  const wanted = 'PEM files ("BEGIN PUBLIC KEY") or files with the key as 64 hex digits';
  throw new CommandError('noKeys', `no Ed25519 public key in ${folder}: it has to hold ${wanted}`);
}

async function rawKeyIn(path: string): Promise<Uint8Array | null> {
  const bytes = await readBounded(path, 'key file', KEY_FILE_BYTES_MAX).catch(() => null);
  const text = bytes === null ? '' : Buffer.from(bytes).toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) return null;
  try {
    const { crv, x = '' } = createPublicKey(text).export({ format: 'jwk' });
    return crv === 'Ed25519' ? new Uint8Array(Buffer.from(x, 'base64url')) : null;
  } catch {
    return null;
  }
}
