import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { Door } from '../../protocols/door.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { KINDS } from '../../tools/inspect/kinds.ts';
import { Draw } from '../fuzz/draw.ts';
import { mutateMessage, signerNamed } from '../fuzz/message-mutants.ts';
import { goldenMessages } from '../support/golden-messages.ts';

/** `.ci/run` has 100,000 of them. */
const COUNT = Number(process.env.FUZZ_MESSAGES ?? 1_000);
const FROM = Number(process.env.FUZZ_FROM ?? 0);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** A sender that signs a high epoch closes its own window: a new door then shows more than one closed one. */
const MUTANTS_PER_DOOR = 40;

const codec = createCodec();
const golden = goldenMessages();
const enrolled = new Set([...golden.map(({ sender }) => sender), 'plant-2/press-8']);

interface Outcome {
  readonly admitted: number;
  readonly refused: ReadonlyMap<string, number>;
}

/** A door, and one with a planted fault: it takes any signature. */
const doorOf = (isGullible: boolean): Door =>
  new Door({
    codec,
    bytesMax: LIMITS.messageBytesMax,
    rate: { perSecond: 1e9, burst: 1e9 },
    windows: new ReplayWindows(LIMITS.sendersMax),
    keyOf: (sender) => {
      if (!enrolled.has(sender)) return null;
      const { kid, verify } = signerNamed(sender).publicKey;
      return { kid, verify: isGullible ? () => true : verify };
    },
  });

const total = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);

/** Tries mutants; what must not happen fails with the command that plays the mutant again. */
const fuzz = (count: number, isGullible = false): Outcome => {
  const refused = new Map<string, number>();
  let admitted = 0;
  for (let first = FROM; first < FROM + count; first += MUTANTS_PER_DOOR) {
    const door = doorOf(isGullible);
    const last = Math.min(FROM + count, first + MUTANTS_PER_DOOR);
    const before = admitted;
    for (let number = first; number < last; number++) admitted += tryMutant(door, number) ? 1 : 0;
    const [reasons, peers] = [door.refusals.byReason(), door.refusals.byPeer()];
    const refusals = last - first - (admitted - before);
    assert.is(total(reasons), refusals, 'every refusal has its reason');
    assert.is(
      Object.values(peers).reduce((sum, counts) => sum + total(counts), 0),
      refusals,
      'and its peer',
    );
    for (const [reason, times] of Object.entries(reasons)) refused.set(reason, (refused.get(reason) ?? 0) + times);
  }
  return { admitted, refused };
};

const tryMutant = (door: Door, number: number): boolean => {
  const draw = new Draw(SEED, number);
  const message = draw.of(golden);
  const { what, topic, bytes, mayPass } = mutateMessage(message, draw);
  const type = KINDS.get(message.kind)!;
  try {
    const answer = door.admit(type, topic, bytes, 0);
    if (!answer.ok) return false;
    assert.ok(mayPass, 'it came in');
    assert.ok(type.check(answer.value.body), 'its body breaks the schema');
    assert.ok(topic.startsWith(`mx/1/${answer.value.sender}/`), 'it names another sender');
    return true;
  } catch (cause) {
    const place = `FUZZ_SEED=${SEED} FUZZ_FROM=${number} FUZZ_MESSAGES=1`;
    const again = `${place} node --import tsx test/protocols/door-fuzz.test.ts`;
    throw new Error(`mutant ${number}, ${message.kind} ${what}: ${cause}\n${again}`, { cause });
  }
};

const hostile = suite('the door, hostile messages');

hostile(`${COUNT} mutants of every kind: no exception, no forgery, every refusal counted by reason and by peer`, () => {
  const { admitted, refused } = fuzz(COUNT);
  const counts = [...refused].sort(([a], [b]) => a.localeCompare(b)).map(([reason, times]) => `${times} ${reason}`);
  process.stdout.write(`${COUNT} mutants of seed ${SEED}: ${admitted} admitted, ${counts.join(', ')}\n`);
  assert.not(refused.has('undecodable'), 'the scanner and cbor-x disagree');
  if (COUNT < 1_000) return;
  // Mutants that stop at the first check would not reach what they are for.
  assert.ok(admitted > COUNT / 100, `${admitted} admitted`);
  for (const reason of ['badSignature', 'otherKey', 'body', 'envelope', 'truncated', 'sender', 'unknownSender']) {
    assert.ok((refused.get(reason) ?? 0) > COUNT / 500, `${reason}: ${refused.get(reason)}`);
  }
});

hostile('a door that takes any signature is found out', () => {
  assert.throws(() => fuzz(200, true), /it came in[\s\S]*FUZZ_FROM=\d+/);
});
hostile.run();
