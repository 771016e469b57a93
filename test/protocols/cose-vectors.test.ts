import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CborCursor } from '../../protocols/cose/cbor-cursor.ts';
import { integerIn, LABEL } from '../../protocols/cose/header-map.ts';
import { readSign1, type Sign1Rejection } from '../../protocols/cose/sign1.ts';
import { readStructure, signatureInput } from '../../protocols/cose/structure.ts';
import { dataPath, dataTest } from '../support/data.ts';

/** One file of cose-wg/Examples, as far as it is read here. */
interface Example {
  readonly input: { readonly sign0?: { readonly key: ExampleKey } };
  readonly fail?: boolean;
  readonly intermediates: { readonly ToBeSign_hex?: string };
  readonly output: { readonly cbor: string };
}

type ExampleKey = Readonly<Record<'kty' | 'crv', string>> & { readonly [part: string]: string };

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Coordinates are base64url already, or hexadecimal with that said in the name. */
const coordinate = (key: ExampleKey, name: string): string =>
  key[name] ?? Buffer.from(key[`${name}_hex`] ?? '', 'hex').toString('base64url');

const publicKeyOf = (key: ExampleKey): KeyObject => {
  const { kty, crv } = key;
  const jwk = kty === 'OKP' ? { kty, crv, x: coordinate(key, 'x') } : undefined;
  return createPublicKey({
    key: jwk ?? { kty, crv, x: coordinate(key, 'x'), y: coordinate(key, 'y') },
    format: 'jwk',
  });
};

/** COSE's numbers of algorithms (RFC 9053 §2.1, §2.2) and the digest of each; EdDSA has its own. */
const DIGESTS = new Map<number | null, string | null>([
  [-7, 'sha256'],
  [-36, 'sha512'],
  [-8, null],
]);

/** Why the general reader and a check of the signature do not accept the example; null when they do. */
const faultOf = ({ input, intermediates, output }: Example): string | null => {
  const read = readStructure(hex(output.cbor));
  if (!read.ok) return read.reason;
  const { protectedHeader, unprotectedHeader, protectedBytes, payload, signature } = read.value;
  const alg = integerIn(protectedHeader, LABEL.alg) ?? integerIn(unprotectedHeader, LABEL.alg);
  const digest = DIGESTS.get(alg);
  if (digest === undefined) return 'algorithm';
  const toBeSigned = signatureInput(protectedBytes, payload!);
  const expected = intermediates.ToBeSign_hex?.toLowerCase();
  const differs = expected !== undefined && Buffer.from(toBeSigned).toString('hex') !== expected;
  const key = publicKeyOf(input.sign0!.key);
  if (!verify(digest, toBeSigned, { key, dsaEncoding: 'ieee-p1363' }, signature)) return 'signature';
  return differs ? 'other bytes were signed' : null;
};

/** What ours would say: all have other headers or another algorithm than a message of the fleet. */
const PROFILE: Readonly<Record<string, Sign1Rejection>> = {
  'CWT/A_3.json': 'sign1Algorithm',
  'countersign/signed1-01.json': 'sign1Protected',
  'ecdsa-examples/ecdsa-sig-01.json': 'sign1Protected',
  'ecdsa-examples/ecdsa-sig-03.json': 'sign1Algorithm',
  'eddsa-examples/eddsa-sig-01.json': 'sign1Protected',
  'eddsa-examples/eddsa-sig-02.json': 'sign1Kid',
  'sign1-tests/sign-fail-01.json': 'sign1Tag',
  'sign1-tests/sign-fail-03.json': 'sign1Algorithm',
  'sign1-tests/sign-fail-06.json': 'sign1Protected',
  'sign1-tests/sign-pass-01.json': 'sign1Protected',
  'sign1-tests/sign-pass-03.json': 'sign1Untagged',
};

const examples = suite('COSE: published examples of COSE_Sign1');

dataTest(examples, 'pass and fail as they say', 'protocol_vectors', () => {
  const file = gunzipSync(readFileSync(dataPath('protocol_vectors', 'cose_examples.json.gz'))).toString();
  const all = JSON.parse(file) as Readonly<Record<string, Example>>;
  // The other 146 hold other structures: COSE_Sign, MAC, encryption.
  const ours = Object.entries(all).filter(([, { input }]) => input.sign0 !== undefined);
  assert.equal(ours.map(([path]) => path).sort(), Object.keys(PROFILE).sort());
  for (const [path, example] of ours) {
    assert.is(faultOf(example) === null, example.fail !== true, `${path}: ${faultOf(example)}`);
    const read = readSign1(hex(example.output.cbor));
    assert.is(read.ok ? null : read.reason, PROFILE[path], path);
  }
  assert.is(faultOf(all['sign1-tests/sign-fail-01.json']!), 'sign1Tag');
  assert.is(faultOf(all['sign1-tests/sign-fail-03.json']!), 'algorithm');
  assert.is(faultOf(all['sign1-tests/sign-fail-06.json']!), 'signature');
});

dataTest(examples, 'every other structure is refused, and nothing throws', 'protocol_vectors', () => {
  const file = gunzipSync(readFileSync(dataPath('protocol_vectors', 'cose_examples.json.gz'))).toString();
  const others = Object.values(JSON.parse(file) as Readonly<Record<string, Example>>).filter(
    ({ input }) => input.sign0 === undefined,
  );
  const accepted = others.filter(({ output }) => readStructure(hex(output.cbor)).ok);
  assert.ok(others.length > 140);
  assert.is(accepted.length, 0);
});
dataTest(
  examples,
  'the cursor walks over CBOR appendix A, but for what has no length or no exact number',
  'protocol_vectors',
  () => {
    const file = readFileSync(dataPath('protocol_vectors', 'cbor_appendix_a.json'), 'utf8');
    const vectors = (JSON.parse(file) as { readonly hex: string }[]).map((vector) => vector.hex);
    const walked = vectors.filter((vector) => {
      const cursor = new CborCursor(hex(vector));
      const isWhole = cursor.skip(8) && cursor.isAtEnd;
      const hasLength = !/^([579b]f|83018202039f|83019f|826161bf)/.test(vector);
      assert.is(isWhole, hasLength && !/^[13]bffffffffffffffff$/.test(vector), vector);
      if (isWhole)
        assert.is(cursor.isShortest, true, `${vector}: all of appendix A is written with the shortest heads`);
      else assert.is(cursor.fault, 'encoding', vector);
      return isWhole;
    });
    assert.is(walked.length, 69);
    assert.is(vectors.length, 82);
  },
);
examples.run();
