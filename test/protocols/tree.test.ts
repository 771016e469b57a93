import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { encodeSign1, SIGNED_BYTES_MAX } from '../../protocols/cose/sign1.ts';
import type { DisseminationMessage } from '../../protocols/dissemination/messages.ts';
import { PLACES } from '../../protocols/dissemination/place.ts';
import { DISSEMINATION } from '../../protocols/dissemination/settings.ts';
import { Door } from '../../protocols/door.ts';
import { openEnvelope, sealEnvelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { PUBLICATION, type PublicationBody } from '../../protocols/messages/publication.ts';
import { readTree, TREE, type TreeMessage, writeTree } from '../../protocols/messages/tree.ts';
import { openPublication } from '../../protocols/publication.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { parseTopic, treeFilter, treeTopic } from '../../protocols/topics.ts';
import { signerOf } from '../support/signed.ts';

const codec = createCodec();
const from = { sender: 'plant/pump-3', epoch: 3, sequence: 4_720, time: 1_795_420_800_123 };
const [anna, relay] = [signerOf('plant/anna'), signerOf('plant/pump-3')];

const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/).filter((text) => text.length <= 64);
const range = fc
  .tuple(fc.integer({ min: 0, max: PLACES - 1 }), fc.integer({ min: 0, max: PLACES - 1 }))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) + 1 }));
const publication = { topic: name, origin: name, sequence: fc.maxSafeNat() };
const plain = { noNullPrototype: true };
const message: fc.Arbitrary<DisseminationMessage> = fc.oneof(
  fc.record(
    {
      ...{ kind: fc.constant('give' as const), ...publication, range },
      path: fc.array(name, { minLength: 1, maxLength: DISSEMINATION.depthMax + 1 }),
      payload: fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
    },
    plain,
  ),
  fc.record(
    {
      ...{ kind: fc.constant('word' as const), ...publication, range },
      state: fc.constantFrom('busy' as const, 'done' as const),
      has: fc.nat(),
      missed: fc.array(name, { maxLength: 20 }),
    },
    plain,
  ),
);

/** What travels: of what is given, its name lies within. */
const carried = (sent: DisseminationMessage): TreeMessage => {
  if (sent.kind === 'word') return sent;
  const { kind, range, path, payload } = sent;
  return { kind, range, path, payload };
};

const tree = suite('tree: messages');

tree('whatever the machine says comes back from the wire as it was', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const opened = openEnvelope(codec, TREE, new Uint8Array(sealEnvelope(codec, TREE, from, writeTree(sent))));
      assert.ok(opened.ok, opened.ok ? '' : opened.reason);
      assert.equal(readTree(opened.value.body), carried(sent));
    }),
    { numRuns: 300, seed: 4 },
  );
});

tree('bodies out of bounds are refused', () => {
  const give: readonly unknown[] = writeTree({
    ...{ kind: 'give', topic: 't', origin: 'o', sequence: 1, range: { from: 0, to: PLACES }, path: ['o'] },
    payload: Uint8Array.of(1),
  });
  const word: readonly unknown[] = writeTree({
    ...{ kind: 'word', topic: 't', origin: 'o', sequence: 1, range: { from: 0, to: PLACES } },
    ...{ state: 'done', has: 2, missed: ['a'] },
  });
  assert.ok([give, word].every((body) => TREE.check(body)));
  const wrong: readonly (readonly unknown[])[] = [
    ...[give.with(0, 1), give.with(1, -1), give.with(2, PLACES), give.with(3, []), give.with(3, ['A'])],
    ...[
      give.with(
        3,
        Array.from({ length: 14 }, () => 'a'),
      ),
      give.with(4, new Uint8Array(0)),
      [...give, 0],
    ],
    give.with(4, new Uint8Array(LIMITS.publicationBytesMax + 1)),
    ...[word.with(0, 0), word.with(0, 3), word.with(1, 'a/b'), word.with(2, ''), word.with(3, 0.5)],
    ...[
      word.with(4, PLACES),
      word.with(
        6,
        Array.from({ length: 513 }, () => 'a'),
      ),
      word.with(6, -1),
      word.slice(0, 7),
    ],
  ];
  for (const [i, body] of wrong.entries()) assert.not(TREE.check(body), `${i}`);
  const body = { topic: 'model', sequence: 1, type: 'application/octet-stream', content: new Uint8Array(49_152) };
  assert.ok(PUBLICATION.check(body));
  for (const change of [{ type: 'text' }, { type: 'Text/plain' }, { content: new Uint8Array(49_153) }, { more: 1 }]) {
    assert.not(PUBLICATION.check({ ...body, ...change }), JSON.stringify(change));
  }
});

/** A publication at every bound. */
const largest = (): PublicationBody => ({
  ...{ topic: 't'.repeat(64), sequence: Number.MAX_SAFE_INTEGER, type: `${'a'.repeat(63)}/${'b'.repeat(63)}` },
  content: new Uint8Array(LIMITS.publishedBytesMax),
});

tree('the largest of all passes a door of 56 KiB, signed twice, and the longest list of the missed does', () => {
  const long = `${'s'.repeat(64)}/${'o'.repeat(64)}`;
  const origin = signerOf(long);
  const stamp = { sender: long, epoch: Number.MAX_SAFE_INTEGER, sequence: 2 ** 40, time: 2 ** 52 };
  const signed = origin.seal(sealEnvelope(codec, PUBLICATION, stamp, largest()));
  assert.ok(signed.length <= LIMITS.publicationBytesMax, `${signed.length} bytes`);
  const names = (count: number) => Array.from({ length: count }, (_, i) => `${'n'.repeat(60)}${1_000 + i}`);
  const shared = { topic: 't'.repeat(64), origin: 'o'.repeat(64), sequence: 1, range: { from: 1, to: PLACES } };
  const door = new Door({
    ...{ codec, rate: { perSecond: 9, burst: 9 }, bytesMax: 56 * 1_024, windows: new ReplayWindows(4) },
    keyOf: () => origin.publicKey,
  });
  for (const [i, sent] of [
    { kind: 'give', ...shared, path: names(DISSEMINATION.depthMax + 1), payload: signed } as const,
    { kind: 'word', ...shared, state: 'done', has: 2 ** 53 - 1, missed: names(DISSEMINATION.missedMax) } as const,
  ].entries()) {
    const bytes = origin.seal(sealEnvelope(codec, TREE, { ...stamp, sequence: i }, writeTree(sent)));
    const admission = door.admit(TREE, `mx/1/${long}/tree/x`, bytes, 0);
    assert.ok(admission.ok, admission.ok ? '' : `${admission.reason}, ${bytes.length} bytes`);
    assert.equal(readTree(admission.value.body), carried(sent));
  }
  assert.ok(SIGNED_BYTES_MAX > 56 * 1_024);
});

const body: PublicationBody = { topic: 'model', sequence: 7, type: 'text/plain', content: Uint8Array.of(1, 2, 3) };
const stamp = { sender: 'plant/anna', epoch: 7, sequence: 0, time: 5 };
const bytes = anna.seal(sealEnvelope(codec, PUBLICATION, stamp, body));
const origin = { site: 'plant', origin: 'anna', key: anna.publicKey };

tree('a publication is its origin’s, whoever carries it', () => {
  const { topic, sequence, type, content } = body;
  assert.equal(openPublication(codec, origin, bytes), {
    ok: true,
    value: { topic, sequence, type, content, origin: 'anna' },
  });
});

tree('no byte of it can be changed on the way', () => {
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
    assert.not(openPublication(codec, origin, changed).ok, `byte ${at}`);
  }
});

tree('nobody else’s signature, name, kind or place makes one', () => {
  const reason = (of: Partial<typeof origin> | { key: null }, given: Uint8Array): string => {
    const opened = openPublication(codec, { ...origin, ...of }, given);
    return opened.ok ? 'ok' : opened.reason;
  };
  const content = sealEnvelope(codec, PUBLICATION, stamp, body);
  assert.is(reason({ key: null }, bytes), 'unknownOrigin');
  assert.is(reason({}, relay.seal(content)), 'otherKey');
  const forged = encodeSign1(content, anna.publicKey.kid, () => new Uint8Array(64));
  assert.is(reason({}, forged), 'badSignature');
  assert.is(reason({ origin: 'boris' }, bytes), 'sender');
  assert.is(reason({ site: 'elsewhere' }, bytes), 'sender');
  const word = writeTree({
    kind: 'word',
    ...body,
    origin: 'anna',
    range: { from: 0, to: 1 },
    state: 'busy',
    has: 1,
    missed: [],
  });
  assert.is(reason({}, anna.seal(sealEnvelope(codec, TREE, stamp, word))), 'kind');
  assert.is(reason({}, content), 'sign1Structure');
});

tree('topics name both ends, and nothing longer or shorter', () => {
  const topic = treeTopic('plant', 'pump-3', 'fan');
  assert.is(topic, 'mx/1/plant/pump-3/tree/fan');
  assert.equal(parseTopic(topic), { site: 'plant', node: 'pump-3', kind: 'tree', peer: 'fan' });
  assert.is(treeFilter('plant', { peer: 'fan' }), 'mx/1/plant/+/tree/fan');
  for (const wrong of ['mx/1/plant/pump-3/tree', `${topic}/x`, 'mx/1/plant/fleet/tree/fan', 'mx/1/plant/a/tree/A']) {
    assert.is(parseTopic(wrong), null, wrong);
  }
  assert.throws(() => treeTopic('plant', 'pump-3', '+'), RangeError);
});

tree.run();
