import { createHash, createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kidOf, publicKeyOf } from '../../firmware/io/keys.ts';
import { encodeSign1, readSign1, SIGNED_BYTES_MAX, type Sign1Rejection } from '../../protocols/cose/sign1.ts';
import { readStructure, signatureInput } from '../../protocols/cose/structure.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { PKCS8_PREFIX } from '../support/signed.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
const kid = new Uint8Array(createHash('sha256').update(raw).digest().subarray(0, 8));
const signer = (bytes: Uint8Array): Uint8Array => new Uint8Array(sign(null, bytes, privateKey));
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const reasonOf = (bytes: Uint8Array): Sign1Rejection | null => {
  const read = readSign1(bytes);
  return read.ok ? null : read.reason;
};

const signing = suite('COSE_Sign1: what we write');

signing('the parts come back, and the signature holds for them and for nothing else', () => {
  for (const length of [0, 1, 23, 24, 255, 256, 1_000, LIMITS.messageBytesMax]) {
    const payload = new Uint8Array(length).fill(7);
    const bytes = encodeSign1(payload, kid, signer);
    const read = readSign1(bytes);
    assert.ok(read.ok, `${length} bytes`);
    assert.equal(Buffer.from(read.value.payload), Buffer.from(payload));
    assert.equal(Buffer.from(read.value.kid), Buffer.from(kid));
    assert.ok(verify(null, read.value.toBeSigned, publicKey, read.value.signature));
    assert.ok(bytes.length - length <= SIGNED_BYTES_MAX - LIMITS.messageBytesMax);
    const other = signatureInput(hex('a10127'), payload, hex('11aa'));
    assert.not(verify(null, other, publicKey, read.value.signature), 'with external data');
  }
});

signing('costs 85 bytes around a short payload and 86 around one of up to 64 KiB', () => {
  assert.is(encodeSign1(new Uint8Array(200), kid, signer).length - 200, 85);
  assert.is(encodeSign1(new Uint8Array(900), kid, signer).length - 900, 86);
});

signing('a wrong length of ours is an assertion', () => {
  assert.throws(() => encodeSign1(new Uint8Array(1), kid.subarray(1), signer), RangeError);
  assert.throws(() => encodeSign1(new Uint8Array(LIMITS.messageBytesMax + 1), kid, signer), RangeError);
  assert.throws(() => encodeSign1(new Uint8Array(1), kid, () => new Uint8Array(63)), RangeError);
});
signing.run();

const refusing = suite('COSE_Sign1: what is refused');
const K = '48 0102030405060708';
const S = `5840 ${'5a'.repeat(64)}`;

const REFUSED: readonly (readonly [Sign1Rejection | null, string, string])[] = [
  [null, `d2 84 43a10127 a104${K} 4107 ${S}`, 'the one form'],
  ['sign1Truncated', '', 'nothing'],
  ['sign1Truncated', 'd2', 'a tag alone'],
  ['sign1Truncated', `d2 84 43a10127 a104${K} 4107 5840 5a5a`, 'half a signature'],
  ['sign1Truncated', `d2 84 43a10127 a104${K} 5affffffff 00`, 'a payload of 4 GiB'],
  ['sign1TrailingBytes', `d2 84 43a10127 a104${K} 4107 ${S} 00`, 'a byte more'],
  ['sign1Untagged', `84 43a10127 a104${K} 4107 ${S}`, 'no tag'],
  ['sign1Tag', `d1 84 43a10127 a104${K} 4107 ${S}`, 'the tag of a MAC'],
  ['sign1Structure', `d2 d2 84 43a10127 a104${K} 4107 ${S}`, 'two tags'],
  ['sign1Structure', `d2 85 43a10127 a104${K} 4107 ${S} 00`, 'five parts'],
  ['sign1Structure', `d2 84 43a10127 a104${K} 07 ${S}`, 'a number as payload'],
  ['sign1Structure', `d2 84 43a10127 a104${K} 4107 07`, 'a number as signature'],
  ['sign1Encoding', `d812 84 43a10127 a104${K} 4107 ${S}`, 'a tag in two bytes'],
  ['sign1Encoding', `d2 84 43a10127 a104${K} 580107 ${S}`, 'a length in two bytes'],
  ['sign1Encoding', `d2 84 43a10127 a1180448 0102030405060708 4107 ${S}`, 'a label in two bytes'],
  ['sign1Encoding', `d2 84 44a1013807 a104${K} 4107 ${S}`, 'the algorithm in two bytes'],
  ['sign1Encoding', `d2 9f 43a10127 a104${K} 4107 ${S} ff`, 'an array of indefinite length'],
  ['sign1Encoding', `d2 84 43a10127 bf04${K}ff 4107 ${S}`, 'a map of indefinite length'],
  ['sign1Protected', `d2 84 a10127 a104${K} 4107 ${S}`, 'a protected header without its byte string'],
  ['sign1Protected', `d2 84 40 a104${K} 4107 ${S}`, 'no protected header'],
  ['sign1Protected', `d2 84 45a201270300 a104${K} 4107 ${S}`, 'one more protected parameter'],
  ['sign1Protected', `d2 84 44a1012700 a104${K} 4107 ${S}`, 'bytes after the protected header'],
  ['sign1Protected', `d2 84 45a201270127 a104${K} 4107 ${S}`, 'a label twice'],
  ['sign1Protected', `d2 84 58 21 b3 ${'0100'.repeat(16)} a104${K} 4107 ${S}`, 'a map of nineteen'],
  ['sign1Algorithm', `d2 84 43a10126 a104${K} 4107 ${S}`, 'ES256'],
  ['sign1Algorithm', `d2 84 44a1014127 a104${K} 4107 ${S}`, 'bytes as algorithm'],
  ['sign1Unprotected', `d2 84 43a10127 a0 4107 ${S}`, 'no kid'],
  ['sign1Unprotected', `d2 84 43a10127 a204${K}0500 4107 ${S}`, 'one more unprotected parameter'],
  ['sign1Unprotected', `d2 84 43a10127 a20127 04${K} 4107 ${S}`, 'an algorithm in both headers'],
  ['sign1Unprotected', `d2 84 43a10127 a105${'81'.repeat(5_000)}00 4107 ${S}`, 'five thousand arrays in each other'],
  ['sign1Kid', `d2 84 43a10127 a104 4101 4107 ${S}`, 'a kid of one byte'],
  ['sign1Kid', `d2 84 43a10127 a104 18ff 4107 ${S}`, 'a number as kid'],
  ['sign1Kid', `d2 84 43a10127 a105${K} 4107 ${S}`, 'another label in its place'],
  ['sign1Payload', `d2 84 43a10127 a104${K} f6 ${S}`, 'a detached payload'],
  ['sign1Signature', `d2 84 43a10127 a104${K} 4107 4107`, 'a signature of one byte'],
];

for (const [reason, bytes, what] of REFUSED) {
  refusing(`${reason ?? 'accepted'}: ${what}`, () => assert.is(reasonOf(hex(bytes)), reason));
}

refusing('a longer message than any of ours', () => {
  const longest = encodeSign1(new Uint8Array(LIMITS.messageBytesMax), kid, signer);
  assert.is(reasonOf(longest), null);
  assert.is(reasonOf(new Uint8Array(SIGNED_BYTES_MAX + 1)), 'sign1TooLong');
});

refusing('a label in both headers, whatever the profile', () => {
  const both = readStructure(hex(`d2 84 43a10127 a20127 04${K} 4107 ${S}`));
  assert.equal(both, { ok: false, reason: 'sign1Unprotected' });
  assert.ok(readStructure(hex(`d2 84 43a10127 a20500 04${K} 4107 ${S}`)).ok);
});

refusing('every beginning of a message', () => {
  const whole = encodeSign1(new Uint8Array(300), kid, signer);
  for (let length = 0; length < whole.length; length++) {
    assert.is(reasonOf(whole.subarray(0, length)), 'sign1Truncated', `${length} bytes`);
  }
});
refusing.run();

/** Signed with the key of RFC 8032 §7.1, TEST 1; Python's `cryptography` and a frame put together by hand agree. */
interface GoldenSigned {
  readonly secretKey: string;
  readonly publicKey: string;
  readonly kid: string;
  readonly payload: string;
  readonly hex: string;
}

const path = fileURLToPath(new URL('../vectors/signed-v1.json', import.meta.url));
const golden = JSON.parse(readFileSync(path, 'utf8')) as readonly GoldenSigned[];
const hexOf = (value: Uint8Array): string => Buffer.from(value).toString('hex');

const promises = suite('signed messages: the format is a promise');

for (const [at, { secretKey, publicKey, kid, payload, hex: whole }] of golden.entries()) {
  promises(`golden bytes ${at} still open, and are still what is written`, () => {
    const read = readSign1(hex(whole));
    assert.ok(read.ok);
    assert.is(hexOf(read.value.kid), kid);
    assert.is(hexOf(kidOf(hex(publicKey))), kid);
    assert.is(hexOf(read.value.payload), payload);
    assert.ok(publicKeyOf(hex(publicKey)).verify(read.value.toBeSigned, read.value.signature));
    const key = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, hex(secretKey)]),
      format: 'der',
      type: 'pkcs8',
    });
    const signed = encodeSign1(hex(payload), hex(kid), (input) => new Uint8Array(sign(null, input, key)));
    assert.is(hexOf(signed), whole);
  });
}

promises('the CDDL of what is stored and sent names both', () => {
  const rules = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`../../protocols/cddl/${name}.cddl`, import.meta.url)), 'utf8');
  assert.match(rules('signed'), /#6\.18\(\[[\s\S]*1 => -8[\s\S]*4 => kid[\s\S]*bytes \.size 64/);
  assert.match(rules('replay-windows'), /\["replayWindows", 1, /);
});
promises.run();
