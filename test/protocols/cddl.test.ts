import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { KINDS } from '../../tools/inspect/kinds.ts';
import { Draw } from '../fuzz/draw.ts';
import { mutateBody } from '../fuzz/message-mutants.ts';
import { parseCddl, type Rule } from '../support/cddl/grammar.ts';
import { matchesRule } from '../support/cddl/match.ts';
import { bytesOf, type GoldenMessage, goldenMessages } from '../support/golden-messages.ts';

const MUTANTS = 500;
const codec = createCodec();
const golden = goldenMessages();

const folder = fileURLToPath(new URL('../../protocols/cddl/', import.meta.url));
const texts = new Map(readdirSync(folder).map((file) => [file, readFileSync(`${folder}${file}`, 'utf8')] as const));
const common = parseCddl(texts.get('envelope.cddl')!);

/** A file's rules on top of those of envelope.cddl, as every file says. */
const rulesOf = (file: string): ReadonlyMap<string, Rule> =>
  new Map([...common, ...(file === 'envelope.cddl' ? [] : parseCddl(texts.get(file)!))]);

/** By kind: the rules of its file, and the one that describes the whole message. */
const descriptions = new Map(
  [...KINDS.keys()].map((kind) => {
    const file = [...texts].find(([, text]) => text.includes(`content<"${kind}",`))?.[0] ?? `none for ${kind}`;
    const rules = rulesOf(file);
    const name = [...rules.keys()].find((rule) => rule.endsWith('-message'))!;
    return [kind, { rules, name }] as const;
  }),
);

const describes = (kind: string, bytes: Uint8Array): boolean => {
  const { rules, name } = descriptions.get(kind)!;
  return matchesRule(rules, name, bytes);
};

const cddl = suite('CDDL');

cddl('every file can be read, and defines all that it names', () => {
  for (const file of texts.keys()) assert.ok(rulesOf(file).size > 0, file);
});

cddl('every golden message is what its CDDL describes, and not what another kind is', () => {
  const kinds = [...KINDS.keys()];
  for (const message of golden) {
    const matching = kinds.filter((kind) => describes(kind, bytesOf(message)));
    assert.equal(matching, [message.kind], `${message.kind} ${message.version}: ${message.hex.slice(0, 60)}`);
  }
});

cddl('golden bytes of signed messages and replay windows too', () => {
  const vectors = (name: string): unknown =>
    JSON.parse(readFileSync(fileURLToPath(new URL(`../vectors/${name}`, import.meta.url)), 'utf8'));
  const signed = rulesOf('signed.cddl');
  for (const vector of vectors('signed-v1.json') as { hex: string }[]) {
    assert.ok(matchesRule(signed, 'signed-message', bytesOf(vector)));
    assert.not(matchesRule(signed, 'signed-message', bytesOf({ hex: `d1${vector.hex.slice(2)}` })), 'another tag');
  }
  const windows = bytesOf(vectors('replay-windows-v1.json') as { hex: string });
  assert.ok(matchesRule(rulesOf('replay-windows.cddl'), 'replay-windows', windows));
});

cddl(`${MUTANTS} mutants: what the schema lets pass the CDDL describes, and it is not blind to the rest`, () => {
  const sum = { passed: 0, refused: 0, refusedByBoth: 0 };
  for (let number = 0; number < MUTANTS; number++) {
    const draw = new Draw(9, number);
    const message = draw.of(golden) as GoldenMessage;
    const bytes = codec.encode(mutateBody(message, draw));
    const decoded = codec.decode(bytes);
    if (!decoded.ok) continue;
    const [, version, , , , , body] = decoded.value as [unknown, number, ...unknown[]];
    const isSound = KINDS.get(message.kind)!.read(version, body).ok;
    const isDescribed = describes(message.kind, bytes);
    assert.ok(isDescribed || !isSound, `mutant ${number} of ${message.kind}: ${Buffer.from(bytes).toString('hex')}`);
    sum.passed += isSound ? 1 : 0;
    sum.refused += isSound ? 0 : 1;
    sum.refusedByBoth += isSound || isDescribed ? 0 : 1;
  }
  process.stdout.write(`${sum.passed} sound, ${sum.refused} refused, ${sum.refusedByBoth} of them by both\n`);
  assert.ok(sum.passed > 25, `${sum.passed} passed`);
  assert.ok(sum.refusedByBoth > 0.8 * sum.refused, `${sum.refusedByBoth} of ${sum.refused}`);
});
cddl.run();
