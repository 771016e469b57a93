import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kidOf, publicKeyOf } from '../../firmware/io/keys.ts';
import { encodeSign1, readSign1 } from '../../protocols/cose/sign1.ts';
import { PKCS8_PREFIX } from '../support/signed.ts';

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
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

const promises = suite('signed messages: the format is a promise');

for (const [at, { secretKey, publicKey, kid, payload, hex: whole }] of golden.entries()) {
  promises(`golden bytes ${at} still open, and are still what is written`, () => {
    const read = readSign1(bytes(whole));
    assert.ok(read.ok);
    assert.is(hex(read.value.kid), kid);
    assert.is(hex(kidOf(bytes(publicKey))), kid);
    assert.is(hex(read.value.payload), payload);
    assert.ok(publicKeyOf(bytes(publicKey)).verify(read.value.toBeSigned, read.value.signature));
    const key = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, bytes(secretKey)]),
      format: 'der',
      type: 'pkcs8',
    });
    const signed = encodeSign1(bytes(payload), bytes(kid), (input) => new Uint8Array(sign(null, input, key)));
    assert.is(hex(signed), whole);
  });
}

promises('the CDDL of what is stored and sent names both', () => {
  const rules = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`../../protocols/cddl/${name}.cddl`, import.meta.url)), 'utf8');
  assert.match(rules('signed'), /#6\.18\(\[[\s\S]*1 => -8[\s\S]*4 => kid[\s\S]*bytes \.size 64/);
  assert.match(rules('replay-windows'), /\["replayWindows", 1, /);
});
promises.run();
