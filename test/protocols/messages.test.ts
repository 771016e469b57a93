import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countersOnWire, healthOnWire } from '../../firmware/vitals-on-wire.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope, readEnvelope, sealEnvelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { MessageType } from '../../protocols/message.ts';
import { DECISION, type DecisionBody } from '../../protocols/messages/decision.ts';
import { LABEL } from '../../protocols/messages/label.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { TELEMETRY, type TelemetryBody } from '../../protocols/messages/telemetry.ts';
import { KINDS } from '../../tools/inspect/kinds.ts';
import { type GoldenMessage, goldenMessages } from '../support/golden-messages.ts';

const codec = createCodec();
const types = [...KINDS.values()];
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** JSON has no byte strings: `{"$hex": "00ff"}` stands for one. */
const revive = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$hex' in value
    ? new Uint8Array(Buffer.from(String(value.$hex), 'hex'))
    : value;

const golden = [
  'messages-v1.json',
  'messages-v2.json',
  'messages-v3.json',
  'messages-fleet.json',
  'messages-star.json',
  'messages-tree.json',
].flatMap((name) => JSON.parse(readFileSync(folder(`../vectors/${name}`), 'utf8'), revive) as GoldenMessage[]);
const typeOf = (kind: string): MessageType<unknown> => types.find((type) => type.kind === kind)!;
/** Every version of every kind. */
const withEarlier = (type: MessageType<unknown> | null): readonly MessageType<unknown>[] =>
  type === null ? [] : [type, ...withEarlier(type.previous)];
const versions = types.flatMap(withEarlier);

const promises = suite('messages: formats are promises');

for (const [i, { hex, ...envelope }] of golden.entries()) {
  const { kind, version } = envelope;
  promises(`golden bytes ${i} (${kind} ${version}) still open, and are still what that version writes`, () => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
    const type = versions.find((each) => each.kind === kind && each.version === version)!;
    assert.equal(openEnvelope(codec, type, bytes), { ok: true, value: envelope });
    assert.is(Buffer.from(sealEnvelope(codec, type, envelope, envelope.body)).toString('hex'), hex);
  });
}

promises('bytes of an earlier version open as the current one', () => {
  const opened = golden
    .filter(({ kind, version }) => version < typeOf(kind).version)
    .map(({ hex, kind, version, ...rest }) => {
      const type = typeOf(kind);
      const read = openEnvelope(codec, type, new Uint8Array(Buffer.from(hex, 'hex')));
      assert.ok(read.ok && read.value.version === type.version && type.check(read.value.body), `${kind} ${version}`);
      return { kind, was: rest.body, is: read.value.body };
    });
  for (const { kind, was, is } of opened) {
    const added = kind === 'telemetry' ? { counters: {}, health: {} } : {};
    assert.equal(is, { ...(was as object), ...added }, kind);
  }
  assert.ok(opened.some(({ kind }) => kind === 'telemetry') && opened.some(({ kind }) => kind === 'decision'));
});

promises(
  'a version is held to its own schema: v1 has no values, and what is newer than this software is refused',
  () => {
    const [v1] = golden.filter(({ kind, version }) => kind === 'decision' && version === 1);
    const opening = (version: number, body: unknown) =>
      openEnvelope(codec, DECISION, codec.encode(['decision', version, 's/n', 1, 2, 3, body]));
    const { body } = v1 as { body: object };
    assert.ok(opening(1, body).ok);
    assert.equal(opening(1, { ...body, values: { flow: 1 } }), { ok: false, reason: 'body' });
    assert.ok(opening(2, { ...body, values: { flow: 1 } }).ok);
    assert.equal(opening(2, { ...body, ask: 0.5 }), { ok: false, reason: 'body' });
    assert.ok(opening(3, { ...body, ask: 0.5 }).ok);
    assert.equal(opening(4, body), { ok: false, reason: 'version' });
    assert.equal(opening(0, body), { ok: false, reason: 'version' });
  },
);

promises('every version of every kind has golden bytes and a CDDL file that names it', () => {
  const rules = readdirSync(folder('../../protocols/cddl'))
    .map((name) => readFileSync(folder(`../../protocols/cddl/${name}`), 'utf8'))
    .join('\n');
  const all = goldenMessages();
  for (const { kind, version } of versions) {
    assert.ok(
      all.some((message) => message.kind === kind && message.version === version),
      `${kind} ${version}`,
    );
    assert.ok(rules.includes(`content<"${kind}", ${version},`), `${kind} ${version}`);
  }
});
promises.run();

const opening = suite('messages: opening');
const from = { sender: 's/n', epoch: 1, sequence: 2, time: 3 };
const label = { window: '1-2', label: 'normal' };

opening('the wrong kind, version or body is refused by name', () => {
  const reason = (content: unknown): string | null => {
    const opened = openEnvelope(codec, LABEL, codec.encode(content));
    return opened.ok ? null : opened.reason;
  };
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, label]), null);
  assert.is(reason(['decision', 1, 's/n', 1, 2, 3, label]), 'kind');
  assert.is(reason(['label', 2, 's/n', 1, 2, 3, label]), 'version');
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, { ...label, extra: 1 }]), 'body');
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, { window: '1-2' }]), 'body');
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, { window: '1-02', label: 'x' }]), 'body');
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, { window: '1-2', label: '' }]), 'body');
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, { window: '1-2', label: 'x'.repeat(65) }]), 'body');
  assert.is(reason(['label', 1, 's/n', 1, 2, 3, { ...label, confidence: 1.5 }]), 'body');
});

opening('anything but a content array of seven sound fields is refused', () => {
  const good: unknown[] = ['label', 1, 's/n', 1, 2, 3, label];
  const broken: readonly unknown[] = [
    label,
    [],
    good.slice(0, 6),
    [...good, 0],
    good.with(0, 7),
    good.with(1, -1),
    good.with(1, 1.5),
    good.with(2, 'no-site'),
    good.with(2, 'a/b/c'),
    good.with(2, '../n'),
    good.with(3, -1),
    good.with(4, 0.5),
    good.with(5, null),
  ];
  assert.ok(readEnvelope(codec, codec.encode(good)).ok);
  for (const content of broken) {
    const read = readEnvelope(codec, codec.encode(content));
    assert.equal(read, { ok: false, reason: 'envelope' }, JSON.stringify(content));
  }
});

opening('a body of ours that breaks its own schema is an assertion, not a message', () => {
  assert.throws(() => sealEnvelope(codec, LABEL, from, { window: 'nonsense', label: 'x' }), TypeError);
});

opening('sequence numbers count the messages of all kinds from 0', () => {
  const writer = createEnvelopeWriter(codec, 's/n', 9);
  const sequences = [
    writer.write(LABEL, label, 0),
    writer.write(LABEL_ACK, { window: '1-2', status: 'busy' }, 0),
    writer.write(LABEL, label, 0),
  ].map((bytes) => {
    const read = readEnvelope(codec, bytes);
    return read.ok ? [read.value.epoch, read.value.sequence] : read.reason;
  });
  assert.equal(sequences, [
    [9, 0],
    [9, 1],
    [9, 2],
  ]);
});

opening('the time on the wire is an integer, also before 1970 and with a fraction', () => {
  for (const [time, expected] of [
    [-5, 0],
    [1.9, 1],
    [1795420800123, 1795420800123],
  ] as const) {
    const read = readEnvelope(codec, sealEnvelope(codec, LABEL, { ...from, time }, label));
    assert.ok(read.ok && read.value.time === expected);
  }
});

opening('the largest decision a model may cause fits the bounds', () => {
  const name = (i: number): string => `${'軸'.repeat(61)}${String(i).padStart(3, '0')}`;
  const classes = Array.from({ length: LIMITS.classesMax }, (_, i) => name(i));
  const experts = Array.from({ length: LIMITS.expertsMax }, (_, i) => `${'e'.repeat(62)}${String(i).padStart(2, '0')}`);
  const opinion = { label: classes[0]!, confidence: 0.3, weight: 0.1, score: 0.3 };
  const body: DecisionBody = {
    window: '999999999-999999999999999',
    endMs: Number.MAX_SAFE_INTEGER,
    label: classes[0]!,
    confidence: 0.3,
    probabilities: Object.fromEntries(classes.map((each) => [each, 1 / 3])),
    experts: Object.fromEntries(experts.map((each) => [each, opinion])),
    drift: 3.4e38,
    latencyUs: Number.MAX_SAFE_INTEGER,
    score: 3.4e38,
    threshold: 0.3,
  };
  const sender = `${'s'.repeat(64)}/${'n'.repeat(64)}`;
  const bytes = sealEnvelope(codec, DECISION, { sender, epoch: 999_999_999, sequence: 2 ** 40, time: 2 ** 52 }, body);
  const opened = openEnvelope(codec, DECISION, bytes);
  assert.ok(opened.ok, opened.ok ? '' : `${opened.reason}, ${bytes.length} bytes`);
});

opening('the largest telemetry fits the bounds, whatever the parts of a node call their troubles', () => {
  const counters = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${'軸'.repeat(61)}${100 + i}`, 1 / 3]));
  const health = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`${'軸'.repeat(61)}${100 + i}`, '受'.repeat(2_000)]),
  );
  const [sample] = golden.filter(({ kind, version }) => kind === 'telemetry' && version === 2);
  const vitals = { counters: countersOnWire(counters), health: healthOnWire(health) };
  const bytes = sealEnvelope(codec, TELEMETRY, from, { ...(sample!.body as TelemetryBody), ...vitals });
  const opened = openEnvelope(codec, TELEMETRY, bytes);
  assert.ok(opened.ok, opened.ok ? '' : `${opened.reason}, ${bytes.length} bytes`);
  assert.equal(
    [Object.keys(opened.value.body.counters).length, Object.keys(opened.value.body.health).length],
    [128, 32],
  );
});

opening('a trouble that is too long is cut between characters, and one that cannot be named is left out', () => {
  const text = `${'a'.repeat(158)}\u{1f41c}\u{1f41c}`;
  assert.equal(healthOnWire({ sensor: text, '': 'x', ['n'.repeat(65)]: 'y' }), { sensor: `${'a'.repeat(158)}…` });
  assert.equal(countersOnWire({ fine: 1, broken: Number.NaN, '': 1 }), { fine: 1 });
});
opening.run();

const roundTrips = suite('messages: properties');

roundTrips('decisions come back with float32 precision', () => {
  const share = fc.float({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
  const name = fc.constantFrom('normal', 'outer race', 'Überlast', '軸受');
  const number = fc
    .float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-3e38), max: Math.fround(3e38) })
    .map((value) => value + 0);
  const decision = fc.record(
    {
      window: fc.tuple(fc.nat(), fc.nat()).map(([epoch, index]) => `${epoch % 1e9}-${index}`),
      endMs: fc.maxSafeNat(),
      label: fc.option(name),
      confidence: share,
      probabilities: fc.dictionary(name, share, { noNullPrototype: true }),
      experts: fc.dictionary(
        fc.constantFrom('frozen', 'local', 'renormalised'),
        fc.record({ label: name, confidence: share, weight: share }, { noNullPrototype: true }),
        { noNullPrototype: true },
      ),
      drift: share,
      latencyUs: fc.nat(),
      values: fc.dictionary(name, number, { noNullPrototype: true }),
      score: share,
      threshold: share,
      ask: share,
    },
    {
      noNullPrototype: true,
      requiredKeys: ['window', 'endMs', 'label', 'confidence', 'probabilities', 'experts', 'drift', 'latencyUs'],
    },
  );
  fc.assert(
    fc.property(decision, (body) => {
      assert.equal(openEnvelope(codec, DECISION, sealEnvelope(codec, DECISION, from, body)), {
        ok: true,
        value: { kind: 'decision', version: DECISION.version, ...from, body },
      });
    }),
    { seed: 6, numRuns: 500 },
  );
});
roundTrips.run();
