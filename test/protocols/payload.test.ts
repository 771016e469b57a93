import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { parseInstant } from '../../protocols/instant.ts';
import { PAYLOAD_BYTES_MAX, readPayload } from '../../protocols/payload.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const codec = createCodec();

const payloads = suite('payloads of others');

payloads('a number in digits, a text, a value in JSON', () => {
  const numbers: [string, number | null][] = [
    ['42', 42],
    [' -1.5e3\n', -1_500],
    ['.5', 0.5],
    ['', null],
    ['0x10', null],
    ['1e999', null],
    ['NaN', null],
    ['4 2', null],
    ['{"v":1}', null],
  ];
  for (const [text, value] of numbers) assert.is(readPayload(codec, bytes(text), 'number'), value, text);
  assert.is(readPayload(codec, bytes(' NOK \n'), 'text'), 'NOK');
  const json = bytes('{"tag":{"value":[7.5,true,"ok",null,1e999,{}]}}');
  const found = [0, 1, 2, 3, 4, 5, 6].map((at) => readPayload(codec, json, { json: `/tag/value/${at}` }));
  assert.equal(found, [7.5, true, 'ok', null, null, null, null]);
  assert.is(readPayload(codec, json, { json: 'tag' }), null, 'no pointer');
  const cbor = codec.encode({ tag: { value: [7.5, true, 'ok', null] } });
  const same = [0, 1, 2, 3, 4].map((at) => readPayload(codec, cbor, { cbor: `/tag/value/${at}` }));
  assert.equal(same, [7.5, true, 'ok', null, null]);
});

payloads('nothing throws, whatever the bytes', () => {
  const reads = ['number', 'text', { json: '/a/0' }, { json: '' }, { cbor: '' }, { cbor: '/a' }] as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...reads), (given, how) => {
      const value = readPayload(codec, given, how);
      assert.ok(value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value));
    }),
  );
  assert.is(readPayload(codec, bytes('1'.repeat(PAYLOAD_BYTES_MAX + 1)), 'text'), null);
});

payloads('moments: ms, or date, time and zone', () => {
  const noon = Date.UTC(2026, 10, 23, 12);
  for (const text of [`${noon}`, '2026-11-23T12:00:00Z', '2026-11-23 12:00z', '2026-11-23T13:00:00.000+01:00']) {
    assert.is(parseInstant(text), noon, text);
  }
  for (const text of ['', 'noon', '2026-11-23', '2026-11-23T12:00:00', '2026-02-31T25:00:00Z', '-5', '1e3']) {
    assert.is(parseInstant(text), null, text);
  }
});
payloads.run();
