import { createPublicKey } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readBounded } from '../../firmware/io/files.ts';
import { PUBLIC_KEY_BYTES, type PublicKey, publicKeyOf } from '../../firmware/io/keys.ts';
import { type Codec, createCodec } from '../../protocols/codec.ts';
import { readSign1 } from '../../protocols/cose/sign1.ts';
import { readEnvelope } from '../../protocols/envelope.ts';
import { CommandError } from '../errors.ts';

/** A fleet's. */
const FILES_MAX = 10_000;
/** A fleet's folder has its members in folders of their own, two below it. */
const DEPTH_MAX = 3;
const KEY_FILE_BYTES_MAX = 4_096;

export interface NamedKey {
  /** Path below the folder. */
  readonly file: string;
  readonly key: PublicKey;
}

/**
 * The Ed25519 public keys in a folder and below it, by their kid in hexadecimal: files in PEM, files with the raw key
 * as 64 hex digits, and enrolments, whose own signature is not asked for here. Other files are passed over.
 *
 * @throws CommandError `noKeys`, `tooManyFiles`, and what reading a folder throws
 */
export async function readKeyFolder(folder: string): Promise<ReadonlyMap<string, NamedKey>> {
  const codec = createCodec();
  const keys = new Map<string, NamedKey>();
  for (const path of (await filesBelow(folder, DEPTH_MAX)).sort()) {
    const raw = await rawKeyIn(codec, path);
    if (raw === null) continue;
    const key = publicKeyOf(raw);
    const kid = Buffer.from(key.kid).toString('hex');
    if (!keys.has(kid)) keys.set(kid, { file: relative(folder, path), key });
  }
  if (keys.size > 0) return keys;
  const wanted = 'PEM files ("BEGIN PUBLIC KEY"), files with a key as 64 hex digits, or enrolments';
  throw new CommandError('noKeys', `no Ed25519 public key in ${folder}: it has to hold ${wanted}`);
}

async function filesBelow(folder: string, depth: number): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
    else if (entry.isDirectory() && depth > 0) files.push(...(await filesBelow(path, depth - 1)));
    if (files.length > FILES_MAX) {
      throw new CommandError('tooManyFiles', `${folder} holds more than ${FILES_MAX} files: is it a folder of keys?`);
    }
  }
  return files;
}

async function rawKeyIn(codec: Codec, path: string): Promise<Uint8Array | null> {
  const bytes = await readBounded(path, 'key file', KEY_FILE_BYTES_MAX).catch(() => null);
  if (bytes === null) return null;
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  return text.includes('-----BEGIN PUBLIC KEY-----') ? keyInPem(text) : keyInEnrolment(codec, bytes);
}

function keyInPem(text: string): Uint8Array | null {
  try {
    const { crv, x = '' } = createPublicKey(text).export({ format: 'jwk' });
    return crv === 'Ed25519' ? new Uint8Array(Buffer.from(x, 'base64url')) : null;
  } catch {
    return null;
  }
}

/** Of any version: what it says of the key is all that counts here. */
function keyInEnrolment(codec: Codec, bytes: Uint8Array): Uint8Array | null {
  const signed = readSign1(bytes);
  const read = signed.ok ? readEnvelope(codec, signed.value.payload) : null;
  if (!read?.ok || read.value.kind !== 'enrolment') return null;
  const { body } = read.value;
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : null;
  return key instanceof Uint8Array && key.length === PUBLIC_KEY_BYTES ? Uint8Array.from(key) : null;
}
