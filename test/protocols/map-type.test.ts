import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mapType } from '../../protocols/map-type.ts';

const Value = Type.Integer({ minimum: 0 });
const json = (schema: object): unknown => JSON.parse(JSON.stringify(schema));

const map = suite('map type');

map("the schema is the one of TypeBox's own Record", () => {
  for (const key of [Type.String(), Type.String({ pattern: '^[a-z]{1,8}$' }), Type.String({ maxLength: 3 })]) {
    for (const options of [{}, { maxProperties: 2 }, { minProperties: 1, additionalProperties: false }]) {
      assert.equal(json(mapType(key, Value, options)), json(Type.Record(key, Value, options)));
    }
  }
});

map('values are checked, and their type is known', () => {
  const Counts = mapType(Type.String(), Value, { maxProperties: 2 });
  const validator = Compile(Counts);
  const sound: Static<typeof Counts> = { a: 1, b: 2 };
  assert.ok(validator.Check(sound));
  for (const wrong of [{ a: -1 }, { a: '1' }, { a: 1, b: 2, c: 3 }, null, [1], 'a']) assert.not(validator.Check(wrong));
});

map.run();
