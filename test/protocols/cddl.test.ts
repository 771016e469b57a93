import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { parseCddl } from '../support/cddl.ts';

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const files = (path: string, end: string): readonly string[] =>
  readdirSync(folder(path)).filter((name) => name.endsWith(end));

interface Golden {
  readonly kind: string;
  readonly version: number;
  readonly hex: string;
}

const schema = parseCddl(
  files('../../protocols/cddl', '.cddl')
    .map((name) => readFileSync(folder(`../../protocols/cddl/${name}`), 'utf8'))
    .join('\n'),
);
const golden = files('../vectors', '.json')
  .filter((name) => name.startsWith('messages-'))
  .flatMap((name) => JSON.parse(readFileSync(folder(`../vectors/${name}`), 'utf8')) as Golden[]);
const codec = createCodec();
const contentOf = ({ hex }: Golden): unknown[] => {
  const decoded = codec.decode(new Uint8Array(Buffer.from(hex, 'hex')));
  assert.ok(decoded.ok);
  return decoded.value as unknown[];
};
/** `labelRange` is `label-range-message`. */
const ruleOf = ({ kind }: Golden): string =>
  `${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}-message`;

const cddl = suite('cddl');

cddl('every golden message is what its CDDL file says', () => {
  for (const message of golden) {
    assert.ok(schema.matches(ruleOf(message), contentOf(message)), `${message.kind} ${message.version}`);
  }
});

cddl('a message of another version, with a field too many or one too few is not', () => {
  for (const message of golden) {
    const [kind, version, ...rest] = contentOf(message);
    const body = rest.at(-1);
    const told = `${message.kind} ${message.version}`;
    const is = (other: unknown): boolean =>
      schema.matches(ruleOf(message), [kind, version, ...rest.slice(0, -1), other]);
    assert.not(schema.matches(ruleOf(message), [kind, 99, ...rest]), told);
    if (Array.isArray(body)) assert.not(is(body.slice(1)), told);
    else {
      assert.not(is({ ...(body as object), surplus: 1 }), told);
      assert.not(is({}), told);
    }
  }
});

cddl('every rule can be read: choices, ranges, sizes, groups and generics mean what RFC 8610 says', () => {
  const { matches } = parseCddl(`
    pair<a> = [a, a]            ; §3.10
    group = ( x: uint, ? y: text .size (1..3) )
    thing = { group, * text .regexp "z[0-9]" => 0..5 }
    several = [ 1*2 pair<bytes>, ? null ]
  `);
  assert.ok(matches('thing', { x: 1 }) && matches('thing', { x: 1, y: 'abc', z1: 5 }));
  for (const wrong of [{}, { x: -1 }, { x: 1, y: '' }, { x: 1, y: 'abcd' }, { x: 1, z1: 6 }, { x: 1, q1: 1 }, []]) {
    assert.not(matches('thing', wrong), JSON.stringify(wrong));
  }
  const two = [new Uint8Array(1), new Uint8Array(0)];
  assert.ok(matches('several', [two]) && matches('several', [two, two, null]));
  for (const wrong of [[], [two, two, two], [null], [[new Uint8Array(1), 'a']]]) assert.not(matches('several', wrong));
});

cddl.run();
