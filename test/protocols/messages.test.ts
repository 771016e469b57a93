import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope, readEnvelope, sealEnvelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { MessageType } from '../../protocols/message.ts';
import { DECISION, type DecisionBody } from '../../protocols/messages/decision.ts';
import { LABEL } from '../../protocols/messages/label.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { TELEMETRY } from '../../protocols/messages/telemetry.ts';

const codec = createCodec();
const types = [DECISION, LABEL, LABEL_ACK, PRESENCE, TELEMETRY] as readonly MessageType<unknown>[];
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface GoldenMessage {
  readonly kind: string;
  readonly version: number;
  readonly hex: string;
  readonly sender: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly time: number;
  readonly body: unknown;
}

const golden = JSON.parse(readFileSync(folder('../vectors/messages-v1.json'), 'utf8')) as GoldenMessage[];
const typeOf = (kind: string): MessageType<unknown> => types.find((type) => type.kind === kind)!;

const promises = suite('messages: formats are promises');

for (const [i, { hex, ...envelope }] of golden.entries()) {
  promises(`golden bytes ${i} (${envelope.kind}) still open, and are still what is written`, () => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
    const type = typeOf(envelope.kind);
    assert.equal(openEnvelope(codec, type, bytes), { ok: true, value: envelope });
    assert.is(Buffer.from(sealEnvelope(codec, type, envelope, envelope.body)).toString('hex'), hex);
  });
}

promises('every kind has golden bytes and a CDDL file that names its kind and version', () => {
  const rules = readdirSync(folder('../../protocols/cddl'))
    .map((name) => readFileSync(folder(`../../protocols/cddl/${name}`), 'utf8'))
    .join('\n');
  for (const { kind, version } of types) {
    assert.ok(
      golden.some((message) => message.kind === kind),
      kind,
    );
    assert.ok(rules.includes(`content<"${kind}", ${version},`), kind);
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
  const opinion = { label: classes[0]!, confidence: 0.3, weight: 0.1 };
  const body: DecisionBody = {
    window: '999999999-999999999999999',
    endMs: Number.MAX_SAFE_INTEGER,
    label: classes[0]!,
    confidence: 0.3,
    probabilities: Object.fromEntries(classes.map((each) => [each, 1 / 3])),
    experts: Object.fromEntries(experts.map((each) => [each, opinion])),
    drift: 3.4e38,
    latencyUs: Number.MAX_SAFE_INTEGER,
  };
  const sender = `${'s'.repeat(64)}/${'n'.repeat(64)}`;
  const bytes = sealEnvelope(codec, DECISION, { sender, epoch: 999_999_999, sequence: 2 ** 40, time: 2 ** 52 }, body);
  const opened = openEnvelope(codec, DECISION, bytes);
  assert.ok(opened.ok, opened.ok ? '' : `${opened.reason}, ${bytes.length} bytes`);
});
opening.run();

const roundTrips = suite('messages: properties');

roundTrips('decisions come back with float32 precision', () => {
  const share = fc.float({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
  const name = fc.constantFrom('normal', 'outer race', 'Überlast', '軸受');
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
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(decision, (body) => {
      assert.equal(openEnvelope(codec, DECISION, sealEnvelope(codec, DECISION, from, body)), {
        ok: true,
        value: { kind: 'decision', version: 1, ...from, body },
      });
    }),
    { seed: 6, numRuns: 500 },
  );
});
roundTrips.run();
