import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CborRejection, scanCbor } from '../../protocols/cbor-scan.ts';
import { createCodec, MESSAGE_LIMITS } from '../../protocols/codec.ts';
import { isUtf8 } from '../../protocols/utf8.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { seeded } from '../support/models.ts';

const codec = createCodec();
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const reasonOf = (bytes: Uint8Array): CborRejection | null => {
  const decoded = codec.decode(bytes);
  return decoded.ok ? null : decoded.reason;
};

const vectors = suite('codec: RFC 8949 appendix A');

interface Vector {
  readonly hex: string;
  readonly decoded?: unknown;
  readonly diagnostic?: string;
}

/** What our profile leaves out, by the rule of RFC 8949 that the vector shows; every other vector must decode. */
function expectedReason(vector: string): CborRejection | null {
  if (/^[13]bffffffffffffffff$/.test(vector)) return 'integerRange';
  if (/^(f97c00|f97e00|f9fc00|fa7f800000|fa7fc00000|faff800000|fb7ff0|fb7ff8|fbfff0)/.test(vector)) return 'notFinite';
  if (/^(f7|f0|f818|f8ff)$/.test(vector)) return 'simpleValue';
  if (/^(c|d)/.test(vector)) return 'tag';
  if (vector === 'a201020304') return 'mapKey';
  if (/^[579b]f/.test(vector) || /^(83018202039f|83019f|826161bf)/.test(vector)) return 'indefiniteLength';
  return null;
}

dataTest(vectors, 'allowed vectors decode to the published value, the others are refused', 'protocol_vectors', () => {
  const file = readFileSync(dataPath('protocol_vectors', 'cbor_appendix_a.json'), 'utf8');
  let accepted = 0;
  for (const vector of JSON.parse(file) as Vector[]) {
    const expected = expectedReason(vector.hex);
    const decoded = codec.decode(hex(vector.hex));
    assert.is(decoded.ok ? null : decoded.reason, expected, vector.hex);
    if (!decoded.ok) continue;
    accepted += 1;
    if ('decoded' in vector) assert.equal(decoded.value, vector.decoded, vector.hex);
    else assert.equal(decoded.value, new Uint8Array(hex(vector.diagnostic!.slice(2, -1))), vector.hex);
  }
  assert.is(accepted, 47); // of 82: 35 show what the profile leaves out
});
vectors.run();

const limits = suite('codec: limits');

const REFUSED: readonly (readonly [CborRejection, string, string])[] = [
  ['truncated', '', 'nothing at all'],
  ['truncated', '19', 'a head without its argument'],
  ['truncated', '62 61', 'a text shorter than it says'],
  ['truncated', '9a 00ffffff', 'an array of 16 million items in five bytes'],
  ['truncated', 'a1 6161', 'a key without a value'],
  ['truncated', 'fb 0000', 'half a float'],
  ['trailingBytes', '00 00', 'two items'],
  ['textTooLong', '7a ffffffff', 'a text of 4 GiB'],
  ['textTooLong', '7b 0000000100000000', 'a text of 2^32 bytes'],
  ['binaryTooLong', '5a 7fffffff', 'a byte string of 2 GiB'],
  ['mapTooLarge', 'ba ffffffff', 'a map of 2^32 pairs'],
  ['tooDeep', '81'.repeat(5_000), 'five thousand arrays in each other'],
  ['tooDeep', 'a16161'.repeat(200), 'two hundred maps in each other'],
  ['indefiniteLength', '9fff', 'an array without a length'],
  ['indefiniteLength', '7f6161ff', 'a text in pieces'],
  ['reserved', 'ff', 'a break without a beginning'],
  ['reserved', '1c', 'a reserved additional information'],
  ['integerRange', '1b 0020000000000000', '2^53'],
  ['integerRange', '3b 001fffffffffffff', '-2^53'],
  ['notFinite', 'f97e00', 'NaN in 16 bits'],
  ['notFinite', 'fa ff800000', '-Infinity in 32 bits'],
  ['notFinite', 'fb 7ff0000000000001', 'a signalling NaN'],
  ['simpleValue', 'f7', 'undefined'],
  ['simpleValue', 'f814', 'false in two bytes'],
  ['invalidText', '62 c328', 'a broken UTF-8 sequence'],
  ['invalidText', '63 eda080', 'a lone surrogate'],
  ['invalidText', '62 c080', 'an overlong NUL'],
  ['invalidText', '63 efbbbf', 'a byte order mark'],
  ['mapKey', 'a1 01 02', 'a number as a key'],
  ['mapKey', 'a1 69 5f5f70726f746f5f5f 80', 'the key __proto__'],
  ['duplicateKey', 'a2 6161 01 6161 02', 'a key twice'],
  ['duplicateKey', 'a2 6161 01 7801 61 02', 'a key twice, in two spellings'],
  ['tag', 'c0 6161', 'a tag'],
  ['tag', 'd9dfff 83 01 80 80', "a record of cbor-x's own"],
];

for (const [reason, bytes, what] of REFUSED) {
  limits(`${reason}: ${what}`, () => assert.is(reasonOf(hex(bytes.replaceAll(' ', ''))), reason));
}

limits('the bounds themselves are allowed, one more is not', () => {
  const small = {
    ...MESSAGE_LIMITS,
    bytesMax: 12,
    depthMax: 2,
    itemsMax: 5,
    pairsMax: 1,
    textBytesMax: 3,
    binaryBytesMax: 2,
  };
  const scan = (bytes: string): CborRejection | null => scanCbor(hex(bytes), small);
  assert.is(scan('8201820304'), null);
  assert.is(scan('820182038104'), 'tooDeep');
  assert.is(scan('8401020304'), null);
  assert.is(scan('850102030405'), 'tooManyItems');
  assert.is(scan('63616263'), null);
  assert.is(scan('6461626364'), 'textTooLong');
  assert.is(scan('430102 03'.replace(' ', '')), 'binaryTooLong');
  assert.is(scan('a2616101616202'), 'mapTooLarge');
  assert.is(scan('00'.repeat(13)), 'tooLong');
});

limits('a tag that is allowed is walked through', () => {
  const tagged = { ...MESSAGE_LIMITS, tags: [18] };
  assert.is(scanCbor(hex('d28101'), tagged), null);
  assert.is(scanCbor(hex('d281ff'), tagged), 'reserved');
  assert.is(scanCbor(hex('d18101'), tagged), 'tag');
});

limits('whole numbers up to 2^53 - 1 are exact', () => {
  assert.equal(codec.decode(hex('821b001fffffffffffff3b001ffffffffffffe')), {
    ok: true,
    value: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  });
});
limits.run();

const properties = suite('codec: properties');

/** What we send: bounded texts without a byte order mark, whole numbers below 2^32, float32, bytes, arrays, maps. */
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.startsWith('\ufeff'));
const leaf = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  text,
  fc.boolean(),
  fc.constant(null),
);
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
}));

properties('what is encoded decodes to the same value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.equal(codec.decode(codec.encode(value)), { ok: true, value });
    }),
    { seed: 1, numRuns: 1_000 },
  );
});

properties('byte strings come back as bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const decoded = codec.decode(codec.encode([bytes]));
      assert.ok(decoded.ok && Array.isArray(decoded.value) && decoded.value[0] instanceof Uint8Array);
      assert.equal(Uint8Array.from(decoded.value[0]), bytes);
    }),
    { seed: 2 },
  );
});

properties('every beginning of a message is refused as truncated', () => {
  const whole = codec.encode(['decision', 1, { a: [1, 2.5, 'three'], b: { c: null } }, 70_000]);
  for (let length = 0; length < whole.length; length++) {
    assert.is(reasonOf(whole.subarray(0, length)), 'truncated', `${length} of ${whole.length} bytes`);
  }
});

properties('our UTF-8 check agrees with the platform on random bytes', () => {
  const random = seeded(3);
  const strict = new TextDecoder('utf-8', { fatal: true });
  const accepts = (bytes: Uint8Array): boolean => {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  // Bytes at the edges of the table of well-formed sequences, so that many samples come close to being valid.
  const edges = [
    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
  ];
  let valid = 0;
  for (let round = 0; round < 50_000; round++) {
    const bytes = Uint8Array.from({ length: 1 + (round % 5) }, () => edges[Math.floor(random() * edges.length)]!);
    const expected = accepts(bytes);
    valid += expected ? 1 : 0;
    assert.is(isUtf8(bytes, 0, bytes.length), expected, Buffer.from(bytes).toString('hex'));
  }
  assert.ok(valid > 1_000, `only ${valid} samples were valid`);
});

properties(
  '10,000 mutants of real messages: never an exception, never a disagreement between scanner and cbor-x',
  () => {
    const random = seeded(4);
    const seeds = [
      codec.encode([
        'decision',
        1,
        's/n',
        3,
        17,
        1.7e12,
        { window: '3-17', p: { a: 0.5, b: 0.25 }, e: { f: { w: 1 } } },
      ]),
      codec.encode([
        'label',
        1,
        's/op',
        1,
        0,
        0,
        { window: '3-17', label: 'ä-öß', by: null, bytes: new Uint8Array(40) },
      ]),
      codec.encode([{ x: [[[1]]] }, -1, -70_000, 'x'.repeat(300), true, false, null]),
    ];
    let refused = 0;
    for (let round = 0; round < 10_000; round++) {
      const original = seeds[round % seeds.length]!;
      const bytes = mutant(original, random);
      const reason = reasonOf(bytes);
      refused += reason === null ? 0 : 1;
      assert.is.not(reason, 'undecodable', Buffer.from(bytes).toString('hex'));
    }
    assert.ok(refused > 3_000 && refused < 10_000, `${refused} refused: the mutations are too weak or too strong`);
  },
);

/** One to three of: a byte replaced, a bit flipped, a byte inserted, a byte dropped, the end cut off. */
function mutant(original: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...original];
  const below = (n: number): number => Math.floor(random() * n);
  for (let i = 1 + below(3); i > 0 && bytes.length > 0; i--) {
    const at = below(bytes.length);
    const change = [
      () => bytes.splice(at, 1, below(256)),
      () => bytes.splice(at, 1, bytes[at]! ^ (1 << below(8))),
      () => bytes.splice(at, 0, below(256)),
      () => bytes.splice(at, 1),
      () => bytes.splice(at),
    ][below(5)]!;
    change();
  }
  return Uint8Array.from(bytes);
}
properties.run();
