import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scanCbor } from '../../protocols/cbor-scan.ts';
import { createCodec } from '../../protocols/codec.ts';
import { parsePointer, valueAt } from '../../protocols/json-pointer.ts';
import { numberOf, SAMPLE_LIMITS, type SampleLocation, SamplePayload } from '../../protocols/sample-payload.ts';
import { isTopicFilter } from '../../protocols/topic-filter.ts';

const codec = createCodec();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const out = new Float64Array(SAMPLE_LIMITS.samplesMax);
const at = (format: SampleLocation['format'], pointer = '', column: SampleLocation['column'] = null) => ({
  ...{ format, pointer: parsePointer(pointer)!, column },
});
/** The samples, or null when the payload is refused. */
const read = (payload: Uint8Array, location: SampleLocation): number[] | null => {
  const count = new SamplePayload(payload, codec).read(location, out);
  return count < 0 ? null : [...out.subarray(0, count)];
};

const pointers = suite('JSON pointer');

/** RFC 6901 §5, the whole table. */
const document = {
  ...{ foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'c%d': 2, 'e^f': 3, 'g|h': 4, 'i\\j': 5, 'k"l': 6, ' ': 7, 'm~n': 8 },
};
const table: readonly (readonly [string, unknown])[] = [
  ['', document],
  ['/foo', ['bar', 'baz']],
  ['/foo/0', 'bar'],
  ['/', 0],
  ['/a~1b', 1],
  ['/c%d', 2],
  ['/e^f', 3],
  ['/g|h', 4],
  ['/i\\j', 5],
  ['/k"l', 6],
  ['/ ', 7],
  ['/m~0n', 8],
];

pointers('the examples of the RFC', () => {
  for (const [pointer, value] of table) assert.equal(valueAt(document, parsePointer(pointer)!), value, pointer);
});

pointers('what is not there, and what must not be reached', () => {
  for (const pointer of [
    '/foo/2',
    '/foo/00',
    '/foo/-',
    '/foo/length',
    '/x',
    '/__proto__',
    '/foo/0/length',
    '/toString',
  ]) {
    assert.is(valueAt(document, parsePointer(pointer)!), undefined, pointer);
  }
  for (const pointer of ['foo', '/a~2', '/a~', '/'.repeat(17)]) assert.is(parsePointer(pointer), null, pointer);
});

const filters = suite('topic filter');

filters('wildcards where MQTT allows them', () => {
  for (const good of ['a', '/', 'a/b', '+', '#', 'a/#', '+/b/#', '/+', '$SYS/#', 'a b/ü'])
    assert.ok(isTopicFilter(good), good);
  for (const bad of ['', 'a#', 'a/#/b', 'a+', '+a/b', 'a/b#', 'a\0', 'x'.repeat(1_025)])
    assert.not.ok(isTopicFilter(bad), bad);
});

const payloads = suite('sample payload');

payloads('a number as people write it', () => {
  for (const [written, value] of [
    ['21.5', 21.5],
    [' -3 \n', -3],
    ['1e3', 1_000],
    ['.5', 0.5],
    ['5.', 5],
    ['true', 1],
  ] as const) {
    assert.equal(read(text(written), at('text')), [value], written);
  }
  for (const written of ['', ' ', '21,5', '0x10', '1 2', 'NaN', 'Infinity', '12 °C', '1'.repeat(65)]) {
    assert.is(read(text(written), at('text')), null, written);
  }
  assert.is(read(bytesOf('ff fe'), at('text')), null);
});

payloads('JSON by path: numbers, numbers as text, booleans, null as missing, blocks, rows, columns', () => {
  const message = text(
    '{"a":{"x":1.5,"y":"2","on":true,"gone":null,"s":"no"},"b":[1,null,3],"r":[[1,10],[2,20]],"o":{}}',
  );
  assert.equal(read(message, at('json', '/a/x')), [1.5]);
  assert.equal(read(message, at('json', '/a/y')), [2]);
  assert.equal(read(message, at('json', '/a/on')), [1]);
  assert.equal(read(message, at('json', '/a/gone')), [Number.NaN]);
  assert.equal(read(message, at('json', '/b')), [1, Number.NaN, 3]);
  assert.equal(read(message, at('json', '/b', { at: 2, of: 3 })), [3]);
  assert.equal(read(message, at('json', '/r', { at: 1, of: 2 })), [10, 20]);
  for (const location of [
    ...[at('json'), at('json', '/a'), at('json', '/a/s'), at('json', '/o'), at('json', '/x'), at('json', '/r')],
    ...[at('json', '/b', { at: 0, of: 2 }), at('json', '/r', { at: 0, of: 3 })],
  ]) {
    assert.is(read(message, location), null);
  }
});

payloads('CBOR: numbers, arrays and the typed arrays of RFC 8746 in both byte orders', () => {
  const cases: readonly (readonly [string, string, SampleLocation['column'], number[] | null])[] = [
    ['f9 3e00', '', null, [1.5]],
    ['83 01 02 20', '', null, [1, 2, -1]],
    ['83 01 02 20', '/1', null, [2]],
    ['82 82 01 0a 82 02 14', '', { at: 1, of: 2 }, [10, 20]],
    ['a1 61 76 d8 55 48 0000803f 000000c0', '/v', null, [1, -2]], // float32, little endian: tag 85
    ['d8 51 48 3f800000 c0000000', '', null, [1, -2]], // float32, big endian: tag 81
    ['d8 56 48 000000000000f83f', '', null, [1.5]], // float64, little endian: tag 86
    ['d8 52 48 3ff8000000000000', '', null, [1.5]], // float64, big endian: tag 82
    ['d8 4d 44 ffff 0200', '', null, [-1, 2]], // sint16, little endian: tag 77
    ['d8 49 44 ffff 0002', '', null, [-1, 2]], // sint16, big endian: tag 73
    ['d8 48 42 ff 01', '', null, [-1, 1]], // sint8: tag 72
    ['d8 40 43 01 02 ff', '', { at: 2, of: 3 }, [255]], // uint8: tag 64
    ['d8 55 44 0000c07f', '', null, [Number.NaN]], // a typed array may say NaN
    ['d8 55 43 000000', '', null, null], // three bytes are no float32
    ['d8 47 48 0000000000000001', '', null, null], // 64-bit integers: tag 71, not taken
    ['d8 55 01', '', null, null],
    ['d8 55 81 01', '', null, null],
    ['d8 40 a1 66 627566666572 1a 0fffffff', '', null, null], // {"buffer": 268435455}: no memory for that
    ['9f 01 ff', '', null, null],
    ['f9 7e00', '', null, null],
    ['61 78', '', null, null],
  ];
  for (const [hex, pointer, column, expected] of cases) {
    assert.equal(read(bytesOf(hex), at('cbor', pointer, column)), expected, hex);
  }
});

payloads('a typed array is made of bytes, and of whole elements, before anything is made of it', () => {
  const limits = { bytesMax: 99, depthMax: 9, itemsMax: 99, pairsMax: 9, textBytesMax: 99, binaryBytesMax: 99 };
  const scanned = (hex: string) => scanCbor(bytesOf(hex), { ...limits, tags: [64, 77, 80, 81, 86] });
  for (const hex of ['d840 41 01', 'd84d 42 0100', 'd850 42 0100', 'd851 48 0000000000000000', 'd856 40']) {
    assert.is(scanned(hex), null, hex);
  }
  // {"buffer": 268435455} under the tag made 256 MB of 17 bytes.
  const notBytes = [
    'd840 a1 66 627566666572 1a 0fffffff',
    'd851 01',
    'd851 81 01',
    'd851 64 61626364',
    'd840 d840 41 01',
  ];
  const cut = ['d84d 41 01', 'd850 41 01', 'd851 43 000000', 'd856 44 00000000'];
  for (const hex of [...notBytes, ...cut]) assert.is(scanned(hex), 'tag', hex);
  assert.is(scanned('d840'), 'truncated');
});

payloads('too much is refused before it is looked at', () => {
  assert.is(read(text(`[${'1,'.repeat(40_000)}1]`), at('json')), null, 'too many bytes');
  assert.is(read(text(`[${'1,'.repeat(16_384)}1]`), at('json')), null, 'one sample too many');
  assert.is(read(text(`[${'1,'.repeat(16_383)}1]`), at('json'))?.length, 16_384);
  assert.is(read(text('['.repeat(65_000)), at('json')), null, 'deep');
  assert.is(read(bytesOf('81'.repeat(60_000)), at('cbor')), null, 'deep CBOR');
});

payloads('no bytes make it throw, or give anything but samples', () => {
  const locations = [at('text'), at('json'), at('json', '/0'), at('cbor'), at('cbor', '/0', { at: 1, of: 2 })];
  const head = fc.constantFrom('d855', 'd851', 'd840', '82', 'a16176', '5b', '7b22', '5b5b');
  const hostile = fc.tuple(head, fc.uint8Array({ maxLength: 64 })).map(([first, rest]) => [...bytesOf(first), ...rest]);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        hostile.map((all) => Uint8Array.from(all)),
      ),
      (bytes) => {
        for (const location of locations) {
          const count = new SamplePayload(bytes, codec).read(location, out);
          assert.ok(count >= -1 && count <= SAMPLE_LIMITS.samplesMax);
        }
      },
    ),
    { seed: 5, numRuns: 3_000 },
  );
  assert.is(numberOf({}), undefined);
});

pointers.run();
filters.run();
payloads.run();
