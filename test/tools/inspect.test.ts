import { createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { CommandError } from '../../tools/errors.ts';
import { type Inspection, inspectMessage } from '../../tools/inspect/inspect-message.ts';
import { type NamedKey, readKeyFolder } from '../../tools/inspect/key-folder.ts';
import { KINDS } from '../../tools/inspect/kinds.ts';
import { inspectionJson, printInspection } from '../../tools/inspect/print-inspection.ts';
import { bytesOf, type GoldenMessage, goldenMessages } from '../support/golden-messages.ts';
import { signerOf } from '../support/signed.ts';

const codec = createCodec();
const golden = goldenMessages();
const [anna, boris, carla] = [signerOf('plant/anna'), signerOf('plant/boris'), signerOf('plant/carla')];
const decision = golden.find(({ kind, version }) => kind === 'decision' && version === 3) as GoldenMessage;
const signed = anna.seal(bytesOf(decision));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const inspect = (input: Uint8Array, keys: ReadonlyMap<string, NamedKey> | null = null): Inspection =>
  inspectMessage(codec, input, keys);

/** Byte strings, and what stands for them in the lists of golden messages, as inspect spells them. */
const inHex = (_: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'object' && value !== null && '$hex' in value ? value.$hex : value;
};

/** A folder as people have them: a key in PEM, one in hexadecimal, and what does not belong there. */
const keyFolder = async (): Promise<ReadonlyMap<string, NamedKey>> => {
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-inspect-'));
  const x = Buffer.from(anna.publicKey.bytes).toString('base64url');
  const pem = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  writeFileSync(join(folder, 'anna.pem'), pem.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(folder, 'boris.pub'), `${Buffer.from(boris.publicKey.bytes).toString('hex')}\n`);
  const enrolment = ['enrolment', 1, 'plant/fleet', 1, 0, 0, { key: carla.publicKey.bytes }];
  mkdirSync(join(folder, 'members', 'carla'), { recursive: true });
  writeFileSync(join(folder, 'members', 'carla', 'enrolment.cose'), anna.seal(codec.encode(enrolment)));
  writeFileSync(join(folder, 'README'), 'keys of the plant');
  writeFileSync(join(folder, 'broken.pem'), '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
  return readKeyFolder(folder);
};

const inspecting = suite('inspect');

inspecting('knows every kind of message there is', async () => {
  const folder = fileURLToPath(new URL('../../protocols/messages/', import.meta.url));
  for (const file of readdirSync(folder)) {
    const exported = Object.values((await import(join(folder, file))) as Record<string, unknown>);
    const types = exported.filter(
      (value): value is { kind: string } => typeof value === 'object' && value !== null && 'check' in value,
    );
    for (const type of types) assert.is(KINDS.get(type.kind), type, `${file} is missing in tools/inspect/kinds.ts`);
  }
});

inspecting('decodes every golden message, in every spelling', () => {
  for (const message of golden) {
    const { hex, ...envelope } = message;
    const spellings = {
      binary: bytesOf(message),
      hex: text(`${hex.slice(0, 20)}\n ${hex.slice(20)}\n`),
      base64: text(Buffer.from(hex, 'hex').toString('base64')),
    };
    for (const [spelling, input] of Object.entries(spellings)) {
      const inspection = inspect(input);
      assert.is(inspection.spelling, spelling);
      assert.is(inspection.bytes, hex.length / 2);
      assert.is(inspection.problem, null);
      assert.equal(JSON.parse(inspectionJson(inspection)).message, JSON.parse(JSON.stringify(envelope, inHex)));
    }
  }
});

inspecting('says whether the signature holds', async () => {
  const keys = await keyFolder();
  assert.is(keys.size, 3);
  const changed = Uint8Array.from(signed).fill(0, signed.length - 4);
  const states = [
    inspect(signed),
    inspect(signed, keys),
    inspect(boris.seal(bytesOf(decision)), keys),
    inspect(carla.seal(bytesOf(decision)), keys),
    inspect(changed, keys),
    inspect(signerOf('plant/zoe').seal(bytesOf(decision)), keys),
  ].map(({ signature, problem }) => [signature?.state, signature?.keyFile, problem?.reason ?? null]);
  assert.equal(states, [
    ['unchecked', null, null],
    ['holds', 'anna.pem', null],
    ['holds', 'boris.pub', null],
    ['holds', 'members/carla/enrolment.cose', null],
    ['broken', 'anna.pem', 'signature'],
    ['unknownKey', null, 'unknownKey'],
  ]);
});

inspecting('a folder without a key is said, not taken for one that knows nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-inspect-'));
  const error = await readKeyFolder(folder)
    .then(() => null)
    .catch((cause: unknown) => cause);
  assert.ok(error instanceof CommandError && error.code === 'noKeys');
});

inspecting('what is malformed is explained by its reason', () => {
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['empty', new Uint8Array(0), /nothing/],
    ['text', text('hello, world'), /mosquitto_sub/],
    ['json', text('{"window":"1-2"}'), /JSON/],
    ['truncated', bytesOf(decision).subarray(0, 40), /part is missing/],
    ['truncated', Uint8Array.of(0x87), /part is missing/],
    ['sign1Truncated', signed.subarray(0, 90), /ends too early/],
    ['sign1Untagged', signed.subarray(1), /tag 18/],
    ['sign1Tag', Uint8Array.of(0xd1, ...signed.subarray(1)), /another kind/],
    ['trailingBytes', Uint8Array.of(...bytesOf(decision), 0), /follow/],
    ['envelope', codec.encode(['decision', 3]), /kind, version, sender/],
    ['kind', codec.encode(['dance', 1, 's/n', 1, 2, 3, {}]), /no such kind/],
    ['version', codec.encode(['decision', 99, 's/n', 1, 2, 3, {}]), /newer software/],
    ['body', codec.encode(['decision', 3, 's/n', 1, 2, 3, {}]), /schema/],
    ['body', anna.seal(codec.encode(['decision', 3, 's/n', 1, 2, 3, {}])), /schema/],
  ];
  for (const [reason, bytes, words] of cases) {
    const { problem } = inspect(bytes);
    assert.is(problem?.reason, reason);
    assert.match(problem?.explanation ?? '', words);
  }
});

inspecting('a page for people, on which nothing drives the terminal', () => {
  const page = printInspection(inspect(signed)).join('\n');
  assert.match(page, /^signature +not checked \(--keys FOLDER does\), kid [0-9a-f]{16}$/m);
  assert.match(page, /^kind +decision, version 3$/m);
  assert.match(page, /^ {2}experts\n {4}frozen\n {6}label: normal$/m);
  const hostile = codec.encode(['label', 1, 's/n', 1, 2, 3, { window: '1-2', label: '\u001b[2J' }]);
  assert.not(printInspection(inspect(hostile)).join('\n').includes('\u001b'));
});

inspecting('an earlier version is shown as it came, and called so', () => {
  const old = golden.find(({ kind, version }) => kind === 'decision' && version === 1) as GoldenMessage;
  assert.match(printInspection(inspect(bytesOf(old))).join('\n'), /^kind +decision, version 1 \(current: 3\)$/m);
});

inspecting('a message of a moment that no calendar has is no accident', () => {
  const bytes = codec.encode(['label', 1, 's/n', 1, 2, Number.MAX_SAFE_INTEGER, { window: '1-2', label: 'x' }]);
  assert.match(printInspection(inspect(bytes)).join('\n'), /^time +9007199254740991 ms/m);
});

inspecting('byte strings are hexadecimal in JSON and short on the page', () => {
  const bytes = codec.encode(['gossip', 1, 's/n', 1, 2, 3, { values: new Uint8Array(306).fill(0xab) }]);
  const inspection = inspect(bytes);
  assert.is(JSON.parse(inspectionJson(inspection)).message.body.values, 'ab'.repeat(306));
  assert.match(printInspection(inspection).join('\n'), /values: 306 bytes (ab){16}…/);
});
inspecting.run();
