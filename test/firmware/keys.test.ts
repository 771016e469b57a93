import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { createIdentity, kidOf, openIdentity, publicKeyOf } from '../../firmware/io/keys.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const freshPath = (): string => join(mkdtempSync(join(tmpdir(), 'myrmex-keys-')), 'node.key');

/** RFC 8032 §7.1, TEST 2. */
const RFC8032 = {
  publicKey: hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
  message: hex('72'),
  signature: hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ),
};

/** Agrees on secrets, signs nothing. */
const X25519_PEM = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

const rejects = async (attempt: Promise<unknown>, code: string, words: RegExp): Promise<void> => {
  const error = await attempt.then(() => null).catch((cause: unknown) => cause);
  assert.ok(error instanceof NodeError, `${error}`);
  assert.is(error.code, code);
  assert.match(error.message, words);
};

const keys = suite('keys');

keys('the published signature holds, and no other', () => {
  const { publicKey, message, signature } = RFC8032;
  const key = publicKeyOf(publicKey);
  assert.ok(key.verify(message, signature));
  assert.not(key.verify(hex('73'), signature));
  assert.not(key.verify(message, signature.subarray(1)));
  // S + L: the same signature for a reader that does not check S < L (RFC 8032 §5.1.7).
  const order = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
  const sum = BigInt(`0x${reversed(signature.subarray(32))}`) + BigInt(`0x${reversed(hex(order))}`);
  const s = hex(reversed(hex(sum.toString(16).padStart(64, '0'))));
  assert.not(key.verify(message, Uint8Array.from([...signature.subarray(0, 32), ...s])));
});

const reversed = (bytes: Uint8Array): string => Buffer.from(bytes).reverse().toString('hex');

keys('nobody signs for a key of small order, for which OpenSSL takes a signature of anything', () => {
  // R is the neutral point and S is 0: 0·B = R + k·A for every k when A is neutral as well.
  const [neutral, free] = [hex(`01${'00'.repeat(31)}`), hex(`01${'00'.repeat(63)}`)];
  const x = Buffer.from(neutral).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  assert.ok(verify(null, hex('0102'), key, free), 'OpenSSL has become stricter: this guard can go');
  assert.not(publicKeyOf(neutral).verify(hex('0102'), free));
  const order8 = hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85');
  const messages = Array.from({ length: 64 }, (_, at) => Uint8Array.of(at));
  assert.not(messages.some((message) => publicKeyOf(order8).verify(message, free)));
  assert.not(
    messages.some((message) => publicKeyOf(hex('ff'.repeat(32))).verify(message, free)),
    'no point at all',
  );
});

keys('a kid is the beginning of the SHA-256 of the raw key', () => {
  // printf 3d40…660c | xxd -r -p | sha256sum
  assert.is(Buffer.from(kidOf(RFC8032.publicKey)).toString('hex'), '39f713d0a644253f');
});

keys('a key that was made is opened again as the same, by its owner alone', async () => {
  const path = freshPath();
  const made = await createIdentity(path);
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.equal(readdirSync(join(path, '..')), ['node.key'], 'nothing else is left');
  const opened = await openIdentity(path);
  assert.equal(opened.publicKey.bytes, made.publicKey.bytes);
  const [message, other] = [hex('0102'), hex('0103')];
  assert.ok(made.publicKey.verify(message, opened.sign(message)));
  assert.not(made.publicKey.verify(other, opened.sign(message)));
  assert.is(opened.sign(message).length, 64);
});

keys('two keys are two', async () => {
  const [one, other] = [await createIdentity(freshPath()), await createIdentity(freshPath())];
  assert.not.equal(one.publicKey.bytes, other.publicKey.bytes);
});

keys('a key that is there is never overwritten', async () => {
  const path = freshPath();
  await createIdentity(path);
  const before = readFileSync(path, 'utf8');
  await rejects(createIdentity(path), 'keyExists', /already/);
  assert.is(readFileSync(path, 'utf8'), before);
  assert.equal(readdirSync(join(path, '..')), ['node.key']);
});

keys('a key that others may read or write is refused, with what to do', async () => {
  const path = freshPath();
  await createIdentity(path);
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    chmodSync(path, mode);
    await rejects(openIdentity(path), 'keyExposed', /mode 6.* chmod 600 .*node\.key/);
  }
  chmodSync(path, 0o400);
  await openIdentity(path);
});

keys('a file that holds no Ed25519 key is refused, with what to do', async () => {
  for (const content of ['', 'nonsense', X25519_PEM]) {
    const path = freshPath();
    writeFileSync(path, content, { mode: 0o600 });
    await rejects(openIdentity(path), 'keyMalformed', /restore it from a backup/);
  }
  await rejects(openIdentity(freshPath()), 'fileNotFound', /no key file/);
  await rejects(createIdentity('/nowhere/at/all.key'), 'fileUnwritable', /cannot be written/);
  assert.throws(() => publicKeyOf(new Uint8Array(31)), /has 32 bytes/);
});
keys.run();
