import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { sealEnvelope } from '../../protocols/envelope.ts';
import { readLabel } from '../../protocols/label-reader.ts';
import { LABEL } from '../../protocols/messages/label.ts';

const codec = createCodec();
const text = (json: string): Uint8Array => new TextEncoder().encode(json);
const body = { window: '3-17', label: 'Überlast' };

const reader = suite('label reader');

reader('an envelope and a JSON object say the same', () => {
  const sealed = sealEnvelope(codec, LABEL, { sender: 's/op', epoch: 1, sequence: 0, time: 0 }, body);
  assert.equal(readLabel(codec, sealed), { ok: true, value: body });
  assert.equal(readLabel(codec, text(JSON.stringify(body))), { ok: true, value: body });
  assert.equal(readLabel(codec, text(` \r\n\t${JSON.stringify(body, null, 2)}\n`)), { ok: true, value: body });
});

reader('what cannot be read is refused with a reason, and with the window when that much could be read', () => {
  const cases: readonly (readonly [Uint8Array, string, string])[] = [
    [text(''), 'truncated', ''],
    [text('{'), 'json', ''],
    [text('{"window":"3-17","label":"a"} {}'), 'json', ''],
    [Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), 'json', ''],
    [text('{}'), 'body', ''],
    [text('{"window":"3-17"}'), 'body', '3-17'],
    [text('{"window":"3-17","label":7}'), 'body', '3-17'],
    [text('{"window":"three","label":"a"}'), 'body', 'three'],
    [text('{"window":{"a":1},"label":"a"}'), 'body', ''],
    [text(`{"window":"${'9'.repeat(65)}","label":"a"}`), 'body', ''],
    [text('{"window":"3-17","label":"a","__proto__":{}}'), 'body', '3-17'],
    [text(`{"window":"3-17","label":"${'a'.repeat(2_000)}"}`), 'tooLong', ''],
    [text('[1]'), 'truncated', ''],
    [codec.encode({ window: '3-17', label: 'a' }), 'envelope', ''],
  ];
  for (const [bytes, reason, window] of cases) {
    assert.equal(readLabel(codec, bytes), { ok: false, reason, window }, new TextDecoder().decode(bytes.slice(0, 60)));
  }
});
reader.run();
