import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mapType } from '../../protocols/map-type.ts';

const Value = Type.Integer({ minimum: 0 });
const json = (schema: object): unknown => JSON.parse(JSON.stringify(schema));

const map = suite('map type');

map("the schema is the one of TypeBox's own Record, closed", () => {
  const key = Type.String({ pattern: '^[a-z]{1,8}$' });
  for (const options of [{}, { maxProperties: 2 }, { minProperties: 1 }]) {
    const closed = { ...options, additionalProperties: false };
    assert.equal(json(mapType(key, Value, options)), json(Type.Record(key, Value, closed)));
  }
});

map('no name passes that the key does not allow, whatever its value', () => {
  const byPattern = Compile(mapType(Type.String({ pattern: '^[a-z]{1,8}$' }), Value));
  const byLength = Compile(mapType(Type.String({ minLength: 1, maxLength: 3 }), Value));
  const any = Compile(mapType(Type.String(), Value));
  assert.ok(
    byPattern.Check({ a: 1 }) && byLength.Check({ a: 1, 'ä\n': 2, 軸受け: 3 }) && any.Check({ '': 1, '\n': 2 }),
  );
  for (const wrong of [{ '': 1 }, { '': true }, { A: 1 }, { a: 1, 'b\n': 'c' }]) assert.not(byPattern.Check(wrong));
  for (const wrong of [{ '': 1 }, { abcd: 1 }, { 'a\nbc': 1 }, { '\n': '1' }]) assert.not(byLength.Check(wrong));
  for (const wrong of [{ '\n': '1' }, { '': true }]) assert.not(any.Check(wrong));
});

map('values are checked, and their type is known', () => {
  const Counts = mapType(Type.String(), Value, { maxProperties: 2 });
  const validator = Compile(Counts);
  const sound: Static<typeof Counts> = { a: 1, b: 2 };
  assert.ok(validator.Check(sound));
  assert.not(validator.Check(new Uint8Array(0)), 'no bytes are no empty map');
  for (const wrong of [{ a: -1 }, { a: '1' }, { a: 1, b: 2, c: 3 }, null, [1], 'a', Uint8Array.of(1)])
    assert.not(validator.Check(wrong));
});

map.run();
